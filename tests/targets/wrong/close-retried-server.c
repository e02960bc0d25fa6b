/* SPDX-License-Identifier: MIT
 *
 * close-retried-server.c -- a server that closes a client once more where the first close failed.
 *
 * finds: close-retried
 * rule: close side=server nth=1: fail EINTR
 * role: server
 * client: for i in 1 2; do build/targets/robust-line-client 127.0.0.1 {port} $i; done
 */
#include "../target.h"

static void serve(int fd)
{
	char data[256];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	if (close(fd) < 0) {
		perror("close");
		close(fd); /* here: close-retried */
	}
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int listener = listen_on(argv[1]);

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			serve(fd);
	}
}
