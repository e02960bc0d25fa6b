/* SPDX-License-Identifier: MIT
 *
 * robust-poll-client HOST PORT LINE -- connects over TCP without blocking, sends the line and prints the line that
 * comes back, all on a non-blocking socket with poll().
 *
 * Copes: waits for the end of connect and asks SO_ERROR how it went; EAGAIN means "wait", EINTR "again", a short
 * count "go on"; where the connection fails it begins anew.
 */
#include "target.h"

#include <poll.h>

#define TRIES 6

/* Waits until the socket is ready for events. False: it took more than a second. */
static bool wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do
		n = poll(&p, 1, 1000);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* A connected socket, or -1. */
static int dial(const struct sockaddr_storage *to, socklen_t length)
{
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
	socklen_t size = sizeof(error);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)to, length) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_for(fd, POLLOUT) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
	    error == 0)
		return fd;
	close(fd);
	return -1;
}

static bool send_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

		if (n >= 0) {
			data += n;
			length -= (size_t)n;
		} else if (errno != EAGAIN || !wait_for(fd, POLLOUT)) {
			return false;
		}
	}
	return true;
}

static bool recv_line(int fd, char *line, size_t size)
{
	size_t have = 0;

	while (have + 1 < size) {
		ssize_t n = recv(fd, line + have, size - 1 - have, 0);

		if (n < 0 && errno == EAGAIN && wait_for(fd, POLLIN))
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

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	char request[256], answer[256];

	if (argc != 4) {
		fprintf(stderr, "usage: %s HOST PORT LINE\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	int size = snprintf(request, sizeof(request), "%s\n", argv[3]);

	for (int try = 0; try < TRIES; try++) {
		int fd = dial(&to, length);
		bool answered = fd >= 0 && send_all(fd, request, (size_t)size) && recv_line(fd, answer, sizeof(answer));

		if (fd >= 0)
			close(fd);
		if (answered) {
			fputs(answer, stdout);
			return 0;
		}
		wait_ms(5 << try);
	}
	fprintf(stderr, "no answer in %d tries\n", TRIES);
	return 1;
}
