/* SPDX-License-Identifier: MIT
 *
 * talk.h -- what the programs of wrong/ and right/ do rightly, and none of their lessons is about: connect over TCP,
 * listen, send all of a message, read a line. A program whose lesson is one of these writes its own.
 */
#ifndef TALK_H
#define TALK_H

#include <signal.h>

#include "target.h"

/* A connection to this port. */
static inline int connected(const char *port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	return fd;
}

/* A socket that listens there; `flags` is 0 or SOCK_NONBLOCK. */
static inline int listening(const char *port, int flags)
{
	struct sockaddr_in at = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0), yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 16) < 0)
		die("listen");
	return fd;
}

/* Of a blocking socket. False: the connection failed. */
static inline bool send_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		length -= (size_t)n;
	}
	return true;
}

/* Of a blocking socket: up to and with the newline, ended by NUL. False: the connection ended or failed before that. */
static inline bool recv_line(int fd, char *line, size_t size)
{
	size_t have = 0;

	while (have + 1 < size) {
		ssize_t n = recv(fd, line + have, size - 1 - have, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		have += (size_t)n;
		line[have] = '\0';
		if (line[have - 1] == '\n')
			return true;
	}
	return false;
}

/* Prints what comes until the peer has ended the stream. */
static inline void print_all(int fd)
{
	char data[512];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			fwrite(data, 1, (size_t)n, stdout);
	if (n < 0)
		die("recv");
}

/* A signal that servers meet, with a handler that does not ask for SA_RESTART: calls that wait are interrupted. */
static inline void on_child(int signal)
{
	(void)signal;
}

static inline void handle_children(void)
{
	struct sigaction action = {.sa_handler = on_child};

	sigaction(SIGCHLD, &action, NULL);
}

#endif
