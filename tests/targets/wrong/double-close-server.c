/* SPDX-License-Identifier: MIT
 *
 * double-close-server.c -- a server that closes a client where its connection fails, and once more when it is done
 * with it.
 *
 * finds: double-close
 * rule: recv nth=1: reset
 * role: server
 * client: for i in 1 2; do build/targets/robust-line-client 127.0.0.1 {port} $i; done
 */
#include "../target.h"

static void echo(int fd)
{
	char data[256];

	for (;;) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n == 0)
			return;
		if (n < 0 || send(fd, data, (size_t)n, MSG_NOSIGNAL) != n) {
			close(fd);
			return;
		}
	}
}

static void serve(int fd)
{
	echo(fd);
	close(fd); /* here: double-close */
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
