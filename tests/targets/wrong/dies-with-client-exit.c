/* SPDX-License-Identifier: MIT
 *
 * dies-with-client-exit.c -- a server with one loop for all clients: where one of them fails, it ends.
 *
 * finds: dies-with-client
 * rule: recv side=server nth=2: reset
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} a b
 */
#include "../target.h"
#include <poll.h>

#define CLIENTS 16

static struct pollfd set[1 + CLIENTS];
static nfds_t count = 1;

static void serve(nfds_t i)
{
	char data[256];
	ssize_t n = recv(set[i].fd, data, sizeof(data), 0); /* here: dies-with-client */

	if (n < 0)
		die("recv");
	if (n > 0 && send(set[i].fd, data, (size_t)n, MSG_NOSIGNAL) == n)
		return;
	close(set[i].fd);
	set[i] = set[--count];
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	set[0] = (struct pollfd){.fd = listen_on(argv[1]), .events = POLLIN};
	for (;;) {
		if (poll(set, count, -1) <= 0)
			continue;
		for (nfds_t i = count - 1; i > 0; i--)
			if (set[i].revents)
				serve(i);
		int fd = set[0].revents ? accept(set[0].fd, NULL, NULL) : -1;

		if (fd >= 0 && count <= CLIENTS)
			set[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
		else if (fd >= 0)
			close(fd);
	}
}
