/* SPDX-License-Identifier: MIT
 *
 * epoll-edge-server.c -- sends back what each client sends, by edge-triggered epoll: reads and writes go on until the
 * kernel says EAGAIN. Of a client that does not read its answers no more is read than its buffer holds; what then lies
 * there is remembered, for no edge will tell of it again.
 *
 * command: {self} {port}
 * role: server
 * client: for line in one two; do build/targets/robust-line-client 127.0.0.1 {port} $line; done
 */
#include <sys/epoll.h>

#include "../server.h"
#include "../talk.h"

#define CLIENTS 64

struct client {
	int fd;
	bool readable, writable, ended;
	size_t begin, end; /* what is to be sent of data */
	char data[256];
};

static int epoll, listener;

/* 1: something was moved. 0: not now. -1: the connection failed. */
static int outcome(ssize_t n, bool *ready)
{
	if (n >= 0 || errno == EINTR)
		return 1;
	*ready = false;
	return errno == EAGAIN ? 0 : -1;
}

static int pull(struct client *c)
{
	ssize_t n = recv(c->fd, c->data + c->end, sizeof(c->data) - c->end, 0);

	if (n > 0)
		c->end += (size_t)n;
	c->ended = n == 0;
	return outcome(n, &c->readable);
}

static int push(struct client *c)
{
	ssize_t n = send(c->fd, c->data + c->begin, c->end - c->begin, MSG_NOSIGNAL);

	if (n > 0)
		c->begin += (size_t)n;
	if (c->begin == c->end)
		c->begin = c->end = 0;
	return outcome(n, &c->writable);
}

/* As far as it goes. False: the client has gone. */
static bool serve(struct client *c)
{
	for (;;) {
		bool can_pull = c->readable && !c->ended && c->end < sizeof(c->data);
		bool can_push = c->writable && c->begin < c->end;

		if (!can_pull && !can_push)
			return !c->ended || c->begin < c->end;
		if ((can_push && push(c) < 0) || (can_pull && pull(c) < 0))
			return false;
	}
}

/* Until nobody waits any more; for want of descriptors, in a while. */
static void welcome(void)
{
	while (!stop) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

		if (fd < 0 && errno == EAGAIN)
			return;
		if (fd < 0 && why_unaccepted(errno) == NO_SERVER)
			die("accept");
		if (fd < 0 && why_unaccepted(errno) == NO_ROOM)
			wait_ms(20);
		if (fd < 0)
			continue;
		struct client *c = calloc(1, sizeof(*c));
		struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};

		if (c)
			c->fd = fd;
		if (!c || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
			close(fd);
			free(c);
		}
	}
}

static void wait_once(void)
{
	struct epoll_event events[CLIENTS];
	int count = epoll_wait(epoll, events, CLIENTS, -1);

	for (int i = 0; i < count; i++) {
		struct client *c = events[i].data.ptr;

		if (!c) {
			welcome();
			continue;
		}
		c->readable |= (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
		c->writable |= (events[i].events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
		if (!serve(c)) {
			close(c->fd);
			free(c);
		}
	}
}

int main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

	if (argc != 2)
		return 2;
	handle_signals();
	listener = listening(argv[1], SOCK_NONBLOCK);
	epoll = epoll_create1(0);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
		die("epoll");
	while (!stop)
		wait_once();
	return 0;
}
