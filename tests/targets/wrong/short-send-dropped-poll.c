/* SPDX-License-Identifier: MIT
 *
 * short-send-dropped-poll.c -- a server by poll() and non-blocking sockets that answers each line in two pieces.
 * It knows that a buffer may be full (EAGAIN), and not that it may be nearly full.
 *
 * finds: short-send-dropped
 * rule: send nth=1: short 8
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} one two
 */
#include <poll.h>

#include "../server.h"
#include "../talk.h"

/* A piece of an answer, when there is room. */
static bool push(int fd, const char *text)
{
	struct pollfd writable = {.fd = fd, .events = POLLOUT};

	while (send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) /* here: short-send-dropped */
		if (errno != EAGAIN || (poll(&writable, 1, 1000) < 1 && errno != EINTR))
			return false;
	return true;
}

static bool answer(int fd)
{
	char line[256];
	ssize_t n = recv(fd, line, sizeof(line), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	if (n == 0 || line[n - 1] != '\n')
		return n != 0;
	return push(fd, "good day to you, ") && push(fd, "whoever you may be\n");
}

static void serve(struct pollfd *polled)
{
	if (polled[1].revents && !answer(polled[1].fd)) {
		close(polled[1].fd);
		polled[1].fd = -1;
	}
	if (polled[0].revents && polled[1].fd < 0)
		polled[1].fd = accept(polled[0].fd, NULL, NULL);
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
		if (poll(polled, 2, -1) > 0)
			serve(polled);
	}
	return 0;
}
