/* SPDX-License-Identifier: MIT
 *
 * blocking-client.c -- sends a text of several lines over a blocking TCP socket, ends its direction, and prints what
 * comes back until the server ends its own. Each call is checked; what can be gone on with is gone on with, and what
 * can't is said. It waits for nothing for ever.
 *
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <poll.h>

#include "../talk.h"

#define PATIENCE_S 3

/* An interrupted connect goes on by itself: wait for its end, and ask how it was. */
static void finish_connect(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t length = sizeof(errno);
	int error = 0, n;

	while ((n = poll(&p, 1, PATIENCE_S * 1000)) < 0)
		if (errno != EINTR)
			die("poll");
	errno = ETIMEDOUT;
	if (n == 0)
		die("connect");
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		die("getsockopt");
	errno = error;
	if (error)
		die("connect");
}

static int dial(const char *port)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		die("setsockopt");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		if (errno != EINTR)
			die("connect");
		finish_connect(fd);
	}
	return fd;
}

static void send_text(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = send(fd, text, left, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			die("send");
		if (n > 0) {
			text += n;
			left -= (size_t)n;
		}
	}
}

/* The answer is as long as the text: one that ends before that is no answer. */
static void recv_text(int fd, char *answer, size_t length)
{
	size_t have = 0;

	while (have < length) {
		ssize_t n = recv(fd, answer + have, length - have, 0);

		if (n < 0 && errno != EINTR)
			die("recv");
		if (n == 0) {
			fprintf(stderr, "the answer ends after %zu of %zu bytes\n", have, length);
			exit(1);
		}
		if (n > 0)
			have += (size_t)n;
	}
}

int main(int argc, char **argv)
{
	static const char text[] = "the first of three lines\nthe second of three lines\nthe last line\n";
	char answer[sizeof(text)];

	if (argc != 2)
		return 2;
	handle_children();
	int fd = dial(argv[1]);

	send_text(fd, text);
	recv_text(fd, answer, strlen(text));
	if (shutdown(fd, SHUT_WR) < 0)
		die("shutdown");
	printf("%.*s", (int)strlen(text), answer);
	close(fd); /* once, whatever it says */
	return 0;
}
