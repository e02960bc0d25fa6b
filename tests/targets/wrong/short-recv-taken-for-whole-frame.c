/* SPDX-License-Identifier: MIT
 *
 * short-recv-taken-for-whole-frame.c -- prints messages that come behind four bytes with their length. It reads on
 * until a message is whole; that the four bytes come together it takes for granted.
 *
 * finds: short-recv-taken-for-whole
 * rule: recv nth=3: short 2
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-frame-sender 127.0.0.1 {port}
 */
#include "../talk.h"

static bool recv_exactly(int fd, char *to, size_t length)
{
	while (length > 0) {
		ssize_t n = read(fd, to, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		length -= (size_t)n;
	}
	return true;
}

int main(int argc, char **argv)
{
	char message[256];
	uint32_t size = 0;
	ssize_t n;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	while ((n = read(fd, &size, sizeof(size))) > 0) { /* here: short-recv-taken-for-whole */
		size = ntohl(size);
		if (size >= sizeof(message) || !recv_exactly(fd, message, size)) {
			fprintf(stderr, "a message of %u bytes: too long, or not whole\n", size);
			return 1;
		}
		printf("%.*s\n", (int)size, message);
	}
	if (n < 0)
		die("read");
	close(fd);
	return 0;
}
