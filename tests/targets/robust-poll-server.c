/* SPDX-License-Identifier: MIT
 *
 * robust-poll-server HOST PORT [CLIENTS] -- sends back what TCP clients send, all at once with poll() and
 * non-blocking sockets. Ends after so many clients that left in good order (0, the default: never) and says how many it
 * was.
 *
 * Copes: EAGAIN means "not now", also after poll said "ready"; EINTR means "again"; what a send did not take is
 * kept, and nothing more is read from that client until it is gone.
 */
#include "server.h"

#include <fcntl.h>
#include <poll.h>
#define CLIENTS_MAX 32

struct client {
	char data[512];
	size_t begin, end; /* what is still to be sent */
};

static struct pollfd polled[1 + CLIENTS_MAX]; /* [0] is the listener */
static struct client clients[1 + CLIENTS_MAX];
static nfds_t count = 1;

static bool later(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void welcome(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			wait_ms(10); /* the client stays in the queue */
		else if (!later() && errno != ECONNABORTED)
			die("accept");
		return;
	}
	if (count > CLIENTS_MAX) {
		close(fd);
		return;
	}
	memset(&clients[count], 0, sizeof(clients[count]));
	polled[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* 1: go on. 0: the client has left in good order. -1: the connection failed. */
static int serve(struct pollfd *p, struct client *c)
{
	if (c->begin == c->end) {
		ssize_t n = recv(p->fd, c->data, sizeof(c->data), 0);

		if (n < 0)
			return later() ? 1 : -1;
		if (n == 0)
			return 0;
		c->begin = 0;
		c->end = (size_t)n;
	}
	ssize_t n = send(p->fd, c->data + c->begin, c->end - c->begin, MSG_NOSIGNAL);

	if (n < 0 && !later())
		return -1;
	if (n > 0)
		c->begin += (size_t)n;
	p->events = c->begin == c->end ? POLLIN : POLLOUT;
	return 1;
}

static int listen_at(const struct sockaddr_storage *at, socklen_t length)
{
	int fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)at, length) < 0 || listen(fd, 16) < 0)
		die("listen");
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage at;
	int served = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: %s HOST PORT [CLIENTS]\n", argv[0]);
		return 2;
	}
	int wanted = argc > 3 ? atoi(argv[3]) : 0;
	socklen_t length = inet_address(&at, argv[1], argv[2]);

	handle_signals();
	polled[0] = (struct pollfd){.fd = listen_at(&at, length), .events = POLLIN};
	while (count > 1 || (!stop && (wanted == 0 || served < wanted))) { /* who is here is served */
		if (poll(polled, count, -1) < 0) {
			if (errno != EINTR)
				die("poll");
			continue; /* what poll said before is stale */
		}
		for (nfds_t i = count; i-- > 1;) {
			int state = polled[i].revents ? serve(&polled[i], &clients[i]) : 1;

			if (state == 1)
				continue;
			served += state == 0;
			close(polled[i].fd);
			polled[i] = polled[--count];
			clients[i] = clients[count];
		}
		if (polled[0].revents)
			welcome(polled[0].fd);
	}
	if (wanted > 0)
		printf("%d served\n", served);
	return 0;
}
