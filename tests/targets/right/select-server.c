/* SPDX-License-Identifier: MIT
 *
 * select-server.c -- sends back what its clients send, all at once with select() and sockets that do not block. It
 * knows where an fd_set ends, that select() may be interrupted and may be wrong, and when a client can take more.
 *
 * role: server
 * client: c=build/targets/right/pausing-line-client; $c {port} 30 one && $c {port} 0 two
 */
#include <sys/select.h>

#include "../server.h"
#include "../talk.h"

struct client {
	bool is_here;
	size_t begin, end; /* what is still to be sent back */
	char data[512];
};

static struct client clients[FD_SETSIZE]; /* by descriptor */

static bool is_later(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* Takes a client who waits, if there is one still. */
static void welcome(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	if (fd >= FD_SETSIZE) {
		close(fd); /* no set has a place for it */
	} else if (fd >= 0) {
		clients[fd] = (struct client){.is_here = true};
	} else if (why_unaccepted(errno) == NO_ROOM) {
		wait_ms(10);
	} else if (why_unaccepted(errno) == NO_SERVER) {
		die("accept");
	}
}

/* False when the client has left, or the connection failed. */
static bool serve(int fd, struct client *c)
{
	if (c->begin == c->end) {
		ssize_t n = recv(fd, c->data, sizeof(c->data), 0);

		if (n <= 0)
			return n < 0 && is_later();
		c->begin = 0;
		c->end = (size_t)n;
	}
	ssize_t n = send(fd, c->data + c->begin, c->end - c->begin, MSG_NOSIGNAL);

	if (n < 0)
		return is_later();
	c->begin += (size_t)n;
	return true;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	handle_signals();
	int listener = listening(argv[1], SOCK_NONBLOCK);

	while (!stop) {
		fd_set in, out;
		int highest = listener;

		FD_ZERO(&in);
		FD_ZERO(&out);
		FD_SET(listener, &in);
		for (int fd = 0; fd < FD_SETSIZE; fd++)
			if (clients[fd].is_here) {
				FD_SET(fd, clients[fd].begin == clients[fd].end ? &in : &out);
				highest = fd > highest ? fd : highest;
			}
		if (select(highest + 1, &in, &out, NULL, NULL) < 0) {
			if (errno != EINTR)
				die("select");
			continue; /* the sets say nothing */
		}
		for (int fd = 0; fd <= highest; fd++)
			if (clients[fd].is_here && (FD_ISSET(fd, &in) || FD_ISSET(fd, &out)) && !serve(fd, &clients[fd])) {
				clients[fd].is_here = false;
				close(fd);
			}
		if (FD_ISSET(listener, &in))
			welcome(listener);
	}
	return 0;
}
