/* SPDX-License-Identifier: MIT
 *
 * poll-client.c -- connects without blocking, then sends and receives at the same time, by poll(), each direction as
 * far as it goes. It has a limit to its patience.
 *
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-poll-server 127.0.0.1 {port}
 */
#include <poll.h>

#include "../talk.h"

#define LENGTH 2000
#define PATIENCE_MS 5000

static char question[LENGTH], answer[LENGTH];
static size_t sent, have;

/* A failure is for good unless it says "later". */
static void check(ssize_t n, const char *what)
{
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die(what);
}

static short wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n = poll(&p, 1, PATIENCE_MS);

	if (n == 0) {
		fprintf(stderr, "the server is silent\n");
		exit(1);
	}
	check(n, "poll");
	return n > 0 ? p.revents : 0;
}

static int dial(const char *port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
	socklen_t length = sizeof(error);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (errno != EINPROGRESS)
		die("connect");
	while (!wait_for(fd, POLLOUT))
		;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		die("getsockopt");
	errno = error;
	if (error)
		die("connect");
	return fd;
}

static void push(int fd)
{
	ssize_t n = send(fd, question + sent, LENGTH - sent, MSG_NOSIGNAL);

	check(n, "send");
	if (n > 0)
		sent += (size_t)n;
}

static void pull(int fd)
{
	ssize_t n = recv(fd, answer + have, LENGTH - have, 0);

	check(n, "recv");
	if (n > 0)
		have += (size_t)n;
	if (n == 0) {
		fprintf(stderr, "the answer ends after %zu of %d bytes\n", have, LENGTH);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	handle_children();
	int fd = dial(argv[1]);

	for (size_t i = 0; i < LENGTH; i++)
		question[i] = (char)('a' + i * i % 26);
	while (have < LENGTH) {
		short ready = wait_for(fd, POLLIN | (sent < LENGTH ? POLLOUT : 0));

		if (ready & POLLOUT)
			push(fd);
		if (ready & (POLLIN | POLLERR | POLLHUP))
			pull(fd);
	}
	printf("%s\n", memcmp(question, answer, LENGTH) == 0 ? "as it was sent" : "damaged");
	close(fd);
	return 0;
}
