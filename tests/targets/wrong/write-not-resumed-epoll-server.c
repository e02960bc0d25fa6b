/* SPDX-License-Identifier: MIT
 *
 * write-not-resumed-epoll-server.c -- an echo server that keeps what a send did not take, and never asks epoll when it
 * can go on.
 *
 * finds: write-not-resumed
 * rule: send side=server nth=1: short 3
 * role: server
 * client: build/targets/right/pausing-line-client {port} 0 hello
 */
#include "../server.h"
#include "../talk.h"

#include <sys/epoll.h>

struct client {
	int fd;
	size_t begin, end; /* what is still to be sent */
	char data[256];
};

/* False when the client has left. */
static bool serve(struct client *c)
{
	if (c->begin == c->end) {
		ssize_t n = recv(c->fd, c->data, sizeof(c->data), 0);

		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		c->begin = 0;
		c->end = (size_t)n;
	}
	ssize_t n = send(c->fd, c->data + c->begin, c->end - c->begin, MSG_NOSIGNAL); /* here: write-not-resumed */

	if (n < 0)
		return errno == EAGAIN;
	c->begin += (size_t)n; /* the rest goes out when epoll tells of this client again: EPOLLOUT was not asked for */
	return true;
}

static void welcome(int listener, int epoll)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c || (c->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) < 0) {
		free(c);
		return;
	}
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

	epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

int main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN};
	int listener, epoll = epoll_create1(0);

	if (argc < 2)
		return 2;
	handle_signals();
	listener = listening(argv[1], SOCK_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	while (!stop) {
		if (epoll_wait(epoll, &event, 1, -1) < 1)
			continue;
		struct client *c = event.data.ptr;

		if (!c) {
			welcome(listener, epoll);
		} else if (!serve(c)) {
			close(c->fd);
			free(c);
		}
	}
	return 0;
}
