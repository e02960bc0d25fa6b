/* SPDX-License-Identifier: MIT
 *
 * connect-poll-client.c -- tries each address of its server without blocking, asks, says that this was all, and reads
 * to the end; the whole of it under one deadline. Only a whole answer is printed.
 *
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <netdb.h>
#include <poll.h>

#include "../target.h"

static const char request[] = "what time is it?\n";

static long deadline_ms;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the socket is worth a try. False: time is up. */
static bool wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		long left_ms = deadline_ms - now_ms();

		if (left_ms <= 0) {
			errno = ETIMEDOUT;
			return false;
		}
		int n = poll(&p, 1, (int)left_ms);

		if (n > 0 || (n < 0 && errno != EINTR))
			return n > 0;
	}
}

/* A connected socket, or -1 with errno. */
static int dial_one(const struct addrinfo *to)
{
	int fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK, to->ai_protocol), error = 0;
	socklen_t size = sizeof(error);

	if (fd < 0)
		return -1;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return fd;
	if ((errno == EINPROGRESS || errno == EINTR) && wait_for(fd, POLLOUT)) {
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			error = errno;
		if (!error)
			return fd;
		errno = error;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int dial(const char *host, const char *port)
{
	struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
	int fd = -1, error = getaddrinfo(host, port, &wanted, &found);

	if (error) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
		exit(1);
	}
	for (const struct addrinfo *to = found; to && fd < 0; to = to->ai_next)
		fd = dial_one(to);
	error = errno;
	freeaddrinfo(found);
	errno = error;
	return fd;
}

static bool ask(int fd)
{
	for (size_t sent = 0; sent < sizeof(request) - 1;) {
		ssize_t n = send(fd, request + sent, sizeof(request) - 1 - sent, MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if ((errno != EAGAIN && errno != EINTR) || !wait_for(fd, POLLOUT))
			return false;
	}
	return shutdown(fd, SHUT_WR) == 0;
}

/* The length of all that came before the end; -1: it failed. */
static ssize_t read_all(int fd, char *data, size_t size)
{
	size_t have = 0;

	for (;;) {
		ssize_t n = recv(fd, data + have, size - have, 0);

		if (n == 0)
			return (ssize_t)have;
		if (n > 0)
			have += (size_t)n;
		else if ((errno != EAGAIN && errno != EINTR) || !wait_for(fd, POLLIN))
			return -1;
	}
}

int main(int argc, char **argv)
{
	char answer[256];

	if (argc < 2)
		return 2;
	deadline_ms = now_ms() + 2000;
	int fd = dial("localhost", argv[1]);

	if (fd < 0)
		die("connect");
	if (!ask(fd))
		die("send");
	ssize_t n = read_all(fd, answer, sizeof(answer));

	if (n < 0)
		die("recv");
	close(fd);
	if ((size_t)n != sizeof(request) - 1) { /* the server is one that sends back what it got */
		fprintf(stderr, "half an answer\n");
		return 1;
	}
	fwrite(answer, 1, (size_t)n, stdout);
	return 0;
}
