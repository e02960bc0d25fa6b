/* SPDX-License-Identifier: MIT
 *
 * call-unchecked-accept.c -- a server that serves what accept() gave, be it a socket or -1.
 *
 * finds: call-unchecked
 * rule: accept nth=1: fail ECONNABORTED
 * role: server
 * client: for i in 1 2; do build/targets/robust-line-client 127.0.0.1 {port} $i; done
 */
#include "../target.h"

static void serve(int fd)
{
	char data[256];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0) /* here: call-unchecked */
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int listener = listen_on(argv[1]);

	for (;;)
		serve(accept(listener, NULL, NULL));
}
