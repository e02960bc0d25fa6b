/* SPDX-License-Identifier: MIT
 *
 * robust-log-receiver PATH -- a peer for the log writers: counts the datagrams that come to a Unix socket, and
 * answers "?" with the count. For ever. Says "ready" when it is.
 */
#include "target.h"

int main(int argc, char **argv)
{
	struct sockaddr_un from;
	char data[256];
	unsigned lines = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s PATH\n", argv[0]);
		return 2;
	}
	struct sockaddr_un at = unix_address(argv[1]);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die(argv[1]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &length);

		if (n < 0)
			continue;
		if (n != 1 || data[0] != '?') {
			lines++;
			continue;
		}
		int size = snprintf(data, sizeof(data), "%u lines", lines);

		if (sendto(fd, data, (size_t)size, 0, (struct sockaddr *)&from, length) < 0)
			perror("sendto");
	}
}
