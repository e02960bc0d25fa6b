/* SPDX-License-Identifier: MIT
 *
 * naive-poll-server HOST PORT [CLIENTS] -- sends back what TCP clients send, all at once with poll() and
 * non-blocking sockets. Ends after so many clients that left (0, the default: never) and says how many it was.
 *
 * Wrong: takes EAGAIN and EINTR for disasters, for "poll said that it was ready"; loses what a send did not take.
 */
#include "server.h"

#include <fcntl.h>
#include <poll.h>
#define CLIENTS_MAX 32

/* False when the client has left. */
static bool serve(int fd)
{
	char data[512];
	ssize_t n = recv(fd, data, sizeof(data), 0);

	if (n < 0)
		die("recv");
	if (n > 0 && send(fd, data, (size_t)n, MSG_NOSIGNAL) < 0)
		die("send");
	return n > 0;
}

int main(int argc, char **argv)
{
	struct pollfd polled[1 + CLIENTS_MAX]; /* [0] is the listener */
	struct sockaddr_storage at;
	nfds_t count = 1;
	int yes = 1, served = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: %s HOST PORT [CLIENTS]\n", argv[0]);
		return 2;
	}
	int wanted = argc > 3 ? atoi(argv[3]) : 0;
	socklen_t length = inet_address(&at, argv[1], argv[2]);

	handle_signals();
	int listener = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, length) < 0 || listen(listener, 16) < 0)
		die("listen");
	polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	while (count > 1 || (!stop && (wanted == 0 || served < wanted))) { /* who is here is served */
		if (poll(polled, count, -1) < 0)
			die("poll");
		for (nfds_t i = count; i-- > 1;) {
			if (!polled[i].revents || serve(polled[i].fd))
				continue;
			close(polled[i].fd);
			polled[i] = polled[--count];
			served++;
		}
		if (polled[0].revents && count <= CLIENTS_MAX) {
			int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

			if (fd < 0)
				die("accept");
			polled[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
	if (wanted > 0)
		printf("%d served\n", served);
	return 0;
}
