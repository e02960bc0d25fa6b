/* SPDX-License-Identifier: MIT
 *
 * poll-proxy.c -- passes on what its clients and the server behind it (127.0.0.2, same port) say to each other: each
 * way has a buffer, who is full is not read from, an end is passed on as an end, and a failure ends both.
 *
 * role: server
 * peer: build/targets/robust-echo-server 127.0.0.2 {port}
 * client: c=build/targets/right/pausing-line-client; $c {port} 30 one && $c {port} 0 two
 */
#include <poll.h>

#include "../server.h"
#include "../talk.h"

#define PAIRS_MAX 16

/* What comes from one end of a pair and is to go to the other. */
struct way {
	size_t begin, end;
	bool has_ended, is_shut; /* the end has been read; it has been passed on */
	char data[1024];
};

static struct pair {
	int fds[2];         /* client, server; [0] -1: free */
	bool is_connecting; /* to the server */
	struct way ways[2]; /* [i]: from fds[i] */
} pairs[PAIRS_MAX];

static bool is_later(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void part(struct pair *p)
{
	close(p->fds[0]);
	close(p->fds[1]);
	p->fds[0] = -1;
}

/* Takes a client and calls the server for it. */
static void welcome(int listener, const struct sockaddr_in *server)
{
	struct pair *p = pairs;

	while (p < pairs + PAIRS_MAX && p->fds[0] >= 0)
		p++;
	int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	if (client < 0) {
		if (why_unaccepted(errno) == NO_ROOM)
			wait_ms(10);
		else if (why_unaccepted(errno) == NO_SERVER)
			die("accept");
		return;
	}
	int fd = p < pairs + PAIRS_MAX ? socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0) : -1;

	if (fd < 0) {
		close(client);
		return;
	}
	*p = (struct pair){.fds = {client, fd}};
	if (connect(fd, (const struct sockaddr *)server, sizeof(*server)) == 0)
		return;
	p->is_connecting = errno == EINPROGRESS || errno == EINTR;
	if (!p->is_connecting)
		part(p);
}

/* False: the server can't be reached. */
static bool finish_connect(struct pair *p)
{
	int error = 0;
	socklen_t size = sizeof(error);

	p->is_connecting = false;
	return getsockopt(p->fds[1], SOL_SOCKET, SO_ERROR, &error, &size) == 0 && !error;
}

/* Moves what can be moved this way. False: one of the ends failed. */
static bool move(struct way *w, int from, int to, bool may_read, bool may_write)
{
	if (may_read && w->begin == w->end && !w->has_ended) {
		ssize_t n = recv(from, w->data, sizeof(w->data), 0);

		if (n < 0 && !is_later())
			return false;
		w->has_ended = n == 0;
		w->begin = 0;
		w->end = n > 0 ? (size_t)n : 0;
	}
	if (may_write && w->begin < w->end) {
		ssize_t n = send(to, w->data + w->begin, w->end - w->begin, MSG_NOSIGNAL);

		if (n < 0 && !is_later())
			return false;
		w->begin += n > 0 ? (size_t)n : 0;
	}
	if (w->has_ended && w->begin == w->end && !w->is_shut) {
		w->is_shut = true;
		return shutdown(to, SHUT_WR) == 0;
	}
	return true;
}

/* What fds[i] is to be asked: room for what comes from the other, data if there is room for it. */
static short wishes(const struct pair *p, int i)
{
	const struct way *from = &p->ways[i], *to = &p->ways[1 - i];

	if (p->is_connecting)
		return i == 1 ? POLLOUT : 0;
	return (short)((from->begin == from->end && !from->has_ended ? POLLIN : 0) | (to->begin < to->end ? POLLOUT : 0));
}

static void serve(struct pair *p, const struct pollfd *polled)
{
	bool is_good = true;

	if (p->is_connecting) {
		if (polled[0].revents) /* nothing was asked of the client: an error or a hangup */
			is_good = false;
		else if (polled[1].revents)
			is_good = finish_connect(p);
	} else {
		for (int i = 0; i < 2 && is_good; i++) {
			bool may_read = polled[i].revents, may_write = may_read || polled[1 - i].revents;

			is_good = move(&p->ways[i], p->fds[i], p->fds[1 - i], may_read, may_write);
		}
	}
	if (!is_good || (p->ways[0].is_shut && p->ways[1].is_shut))
		part(p);
}

int main(int argc, char **argv)
{
	struct pollfd polled[1 + 2 * PAIRS_MAX];

	if (argc < 2)
		return 2;
	struct sockaddr_in server = loopback(argv[1]);

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	handle_signals();
	polled[0] = (struct pollfd){.fd = listening(argv[1], SOCK_NONBLOCK), .events = POLLIN};
	for (int i = 0; i < PAIRS_MAX; i++)
		pairs[i].fds[0] = -1;
	while (!stop) {
		for (int i = 0; i < 2 * PAIRS_MAX; i++) {
			struct pair *p = &pairs[i / 2];

			polled[1 + i] = (struct pollfd){.fd = p->fds[0] < 0 ? -1 : p->fds[i % 2], .events = wishes(p, i % 2)};
			if (polled[1 + i].events == 0 && !p->is_connecting)
				polled[1 + i].fd = -1; /* nothing is wanted of it: a hangup would only wake us */
		}
		if (poll(polled, 1 + 2 * PAIRS_MAX, -1) < 0) {
			if (errno != EINTR)
				die("poll");
			continue;
		}
		for (int i = 0; i < PAIRS_MAX; i++)
			if (pairs[i].fds[0] >= 0 && (polled[1 + 2 * i].revents || polled[2 + 2 * i].revents))
				serve(&pairs[i], &polled[1 + 2 * i]);
		if (polled[0].revents)
			welcome(polled[0].fd, &server);
	}
	return 0;
}
