/* SPDX-License-Identifier: MIT
 *
 * interrupt-fatal-poll.c -- a server by poll() with a handler for SIGCHLD; it ends where poll() is interrupted.
 *
 * finds: interrupt-fatal
 * rule: poll nth=1: fail EINTR
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} one two
 */
#include <poll.h>

#include "../server.h"
#include "../talk.h"

static bool serve(int fd)
{
	char data[256];
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	return n > 0 && send_all(fd, data, (size_t)n);
}

int main(int argc, char **argv)
{
	struct pollfd polled[2] = {{.events = POLLIN}, {.fd = -1, .events = POLLIN}};

	if (argc != 2)
		return 2;
	handle_signals();
	polled[0].fd = listening(argv[1], SOCK_NONBLOCK);
	while (!stop) {
		polled[0].events = polled[1].fd < 0 ? POLLIN : 0; /* one client at a time */
		if (poll(polled, 2, -1) < 0 && !stop)             /* here: interrupt-fatal */
			die("poll");
		if (polled[1].revents && !serve(polled[1].fd)) {
			close(polled[1].fd);
			polled[1].fd = -1;
		}
		if (polled[0].revents)
			polled[1].fd = accept(polled[0].fd, NULL, NULL);
	}
	return 0;
}
