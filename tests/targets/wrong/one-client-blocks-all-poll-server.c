/* SPDX-License-Identifier: MIT
 *
 * one-client-blocks-all-poll-server.c -- serves many clients with poll() and sends on sockets that block: a client that
 * does not take its answer holds up all others.
 *
 * finds: one-client-blocks-all
 * rule: send side=server nth=1: stall
 * role: server
 * client: build/targets/right/pausing-line-client {port} 0 hello
 */

#include <poll.h>

#include "../target.h"
#define CLIENTS_MAX 16

static bool send_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL); /* here: one-client-blocks-all */

		if (n < 0)
			return false;
		data += n;
		length -= (size_t)n;
	}
	return true;
}

/* False when the client has left. */
static bool serve(int fd)
{
	char data[256];
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	return n < 0 ? errno == EAGAIN : n > 0 && send_all(fd, data, (size_t)n);
}

int main(int argc, char **argv)
{
	struct pollfd polled[1 + CLIENTS_MAX]; /* [0] is the listener */
	nfds_t count = 1;
	int yes = 1;

	if (argc < 2)
		return 2;
	struct sockaddr_in at = loopback(argv[1]);

	polled[0] = (struct pollfd){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLIN};
	setsockopt(polled[0].fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(polled[0].fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(polled[0].fd, 16) < 0)
		die("listen");
	while (true) {
		if (poll(polled, count, -1) < 0)
			continue;
		for (nfds_t i = count; i-- > 1;)
			if (polled[i].revents && !serve(polled[i].fd)) {
				close(polled[i].fd);
				polled[i] = polled[--count];
			}
		int fd = polled[0].revents ? accept(polled[0].fd, NULL, NULL) : -1;

		if (fd >= 0 && count > CLIENTS_MAX)
			close(fd);
		else if (fd >= 0)
			polled[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
}
