/* SPDX-License-Identifier: MIT
 *
 * robust-file-sender HOST PORT BYTES -- sends so many bytes over TCP, ends its direction, and prints the
 * receiver's answer.
 *
 * Copes: sends the rest of a short send, looks at what shutdown says, believes only an answer that is whole, and
 * begins anew where the connection fails. Calls close once, whatever it says: the descriptor is gone, and the
 * answer came before.
 */
#include "target.h"

#define TRIES 6

static int dial(const struct sockaddr_storage *to, socklen_t length)
{
	int fd = socket(to->ss_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, length) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool send_file(int fd, size_t bytes)
{
	char block[512];

	memset(block, 'x', sizeof(block));
	while (bytes > 0) {
		ssize_t n = send(fd, block, bytes < sizeof(block) ? bytes : sizeof(block), MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes -= (size_t)n;
	}
	return true;
}

static bool recv_line(int fd, char *line, size_t size)
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

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	char answer[128];

	if (argc != 4) {
		fprintf(stderr, "usage: %s HOST PORT BYTES\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	size_t bytes = strtoul(argv[3], NULL, 10);

	for (int try = 0; try < TRIES; try++) {
		int fd = dial(&to, length);
		bool done =
		    fd >= 0 && send_file(fd, bytes) && shutdown(fd, SHUT_WR) == 0 && recv_line(fd, answer, sizeof(answer));

		if (fd >= 0)
			close(fd);
		if (done) {
			fputs(answer, stdout);
			return 0;
		}
		wait_ms(5 << try);
	}
	fprintf(stderr, "the file could not be sent in %d tries\n", TRIES);
	return 1;
}
