/* SPDX-License-Identifier: MIT
 *
 * robust-frame-reader HOST PORT -- prints the messages that a TCP server sends, each of them behind four bytes
 * with its length, until the server ends the stream.
 *
 * Copes: reads on until it has as many bytes as the message needs, and tells an end between two messages from one
 * within.
 */
#include "target.h"

/* 1: all of it. 0: the stream ended before the first byte. -1: it failed, or ended in the middle. */
static int recv_exactly(int fd, void *to, size_t length)
{
	size_t have = 0;

	while (have < length) {
		ssize_t n = recv(fd, (char *)to + have, length - have, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return have == 0 ? 0 : -1;
		have += (size_t)n;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	char message[256];
	uint32_t size;
	int got;

	if (argc != 3) {
		fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, length) < 0)
		die("connect");
	while ((got = recv_exactly(fd, &size, sizeof(size))) == 1) {
		size = ntohl(size);
		if (size > sizeof(message) || recv_exactly(fd, message, size) != 1) {
			fprintf(stderr, "the stream ended within a message\n");
			return 1;
		}
		printf("%.*s\n", (int)size, message);
	}
	if (got < 0)
		die("recv");
	close(fd);
	return 0;
}
