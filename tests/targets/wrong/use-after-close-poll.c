/* SPDX-License-Identifier: MIT
 *
 * use-after-close-poll.c -- a server that closes a client whose connection failed, and leaves it in the set that it
 * polls.
 *
 * finds: use-after-close
 * rule: recv nth=1: reset
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} hello
 */
#include "../target.h"
#include <poll.h>

#define CLIENTS 16

static struct pollfd set[1 + CLIENTS];
static nfds_t count = 1;

static void serve(nfds_t i)
{
	char data[256];
	ssize_t n = recv(set[i].fd, data, sizeof(data), 0);

	if (n > 0 && send(set[i].fd, data, (size_t)n, MSG_NOSIGNAL) == n)
		return;
	close(set[i].fd);
	if (n == 0)
		set[i] = set[--count]; /* where it failed, set[i] stays as it is */
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	set[0] = (struct pollfd){.fd = listen_on(argv[1]), .events = POLLIN};
	for (;;) {
		if (poll(set, count, 2000) <= 0) /* here: use-after-close */
			continue;
		for (nfds_t i = count - 1; i > 0; i--)
			if (set[i].revents & (POLLIN | POLLERR | POLLHUP))
				serve(i);
			else if (set[i].revents)
				wait_ms(1); /* odd, but it goes away in time */
		int fd = set[0].revents ? accept(set[0].fd, NULL, NULL) : -1;

		if (fd >= 0 && count <= CLIENTS)
			set[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
		else if (fd >= 0)
			close(fd);
	}
}
