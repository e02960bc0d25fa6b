/* SPDX-License-Identifier: MIT
 *
 * short-recv-taken-for-whole-poll.c -- a server by poll(): each recv() is taken for a line, whose length it answers.
 *
 * finds: short-recv-taken-for-whole
 * rule: recv nth=1: short 3
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} "how long is this?"
 */
#include <poll.h>

#include "../server.h"
#include "../talk.h"

static bool serve(int fd)
{
	char line[256], answer[32];
	ssize_t n = recv(fd, line, sizeof(line), MSG_DONTWAIT); /* here: short-recv-taken-for-whole */

	if (n < 0)
		return errno == EAGAIN;
	if (n == 0)
		return false;
	return send_all(fd, answer, (size_t)snprintf(answer, sizeof(answer), "%zd bytes\n", n));
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
		if (poll(polled, 2, -1) < 1)
			continue;
		if (polled[1].revents && !serve(polled[1].fd)) {
			close(polled[1].fd);
			polled[1].fd = -1;
		}
		if (polled[0].revents)
			polled[1].fd = accept(polled[0].fd, NULL, NULL);
	}
	return 0;
}
