/* SPDX-License-Identifier: MIT
 *
 * robust-line-client HOST PORT LINE... -- sends each line over one TCP connection and prints the line that comes
 * back.
 *
 * Copes: sends the rest of a short send, reads on until the newline, has a limit to its patience, and where the
 * connection fails or ends before the whole answer is there it connects again and asks again.
 */
#include "target.h"

#define TRIES 6

/* A connected socket, or -1. */
static int dial(const struct sockaddr_storage *to, socklen_t length)
{
	struct timeval patience = {.tv_sec = 1};
	int fd = socket(to->ss_family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)to, length) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool send_all(int fd, const char *data, size_t length)
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

/* True when the newline has come; false if the connection ended, failed or fell silent before that. */
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

/* Asks until a whole answer has come, on a new connection where the old one failed, and prints it. */
static bool ask(int *fd, const struct sockaddr_storage *to, socklen_t length, const char *line)
{
	char request[256], answer[256];
	size_t size = (size_t)snprintf(request, sizeof(request), "%s\n", line);

	for (int try = 0; try < TRIES; try++) {
		if (try > 0)
			wait_ms(5 << try);
		if (*fd < 0)
			*fd = dial(to, length);
		if (*fd >= 0 && send_all(*fd, request, size) && recv_line(*fd, answer, sizeof(answer))) {
			fputs(answer, stdout);
			return true;
		}
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	int fd = -1;

	if (argc < 4) {
		fprintf(stderr, "usage: %s HOST PORT LINE...\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	for (int i = 3; i < argc; i++)
		if (!ask(&fd, &to, length, argv[i])) {
			fprintf(stderr, "no answer to \"%s\" in %d tries\n", argv[i], TRIES);
			return 1;
		}
	close(fd);
	return 0;
}
