/* SPDX-License-Identifier: MIT
 *
 * descriptor-leak-server.c -- a server that closes the clients that leave in good order, and no others.
 *
 * finds: descriptor-leak
 * rule: recv side=server nth=1: reset
 * rule: recv side=server nth=3: reset
 * rule: recv side=server nth=5: reset
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} hello a b c d
 */
#include "../target.h"

static void serve(int fd)
{
	char data[256];

	for (;;) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n < 0)
			return;
		if (n == 0)
			break;
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			return;
	}
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int listener = listen_on(argv[1]);

	for (;;) {
		int fd = accept(listener, NULL, NULL); /* here: descriptor-leak */

		if (fd >= 0)
			serve(fd);
	}
}
