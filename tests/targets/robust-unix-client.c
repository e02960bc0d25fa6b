/* SPDX-License-Identifier: MIT
 *
 * robust-unix-client PATH LINE... -- sends each line over one Unix stream socket and prints the line that comes
 * back, by read() and write() as on a file.
 *
 * Copes: the server may not be there yet, or its queue may be full (EAGAIN: nothing is under way, unlike
 * EINPROGRESS); short counts; a server that goes away, without being killed by SIGPIPE.
 */
#include "target.h"

#include <fcntl.h>
#include <signal.h>

#define TRIES 6

/* A connected, blocking socket, or -1. */
static int dial(const struct sockaddr_un *to)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0 && fcntl(fd, F_SETFL, 0) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		length -= (size_t)n;
	}
	return true;
}

static bool read_line(int fd, char *line, size_t size)
{
	size_t have = 0;

	while (have + 1 < size) {
		ssize_t n = read(fd, line + have, size - 1 - have);

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
static bool ask(int *fd, const struct sockaddr_un *to, const char *line)
{
	char request[256], answer[256];
	size_t size = (size_t)snprintf(request, sizeof(request), "%s\n", line);

	for (int try = 0; try < TRIES; try++) {
		if (try > 0)
			wait_ms(5 << try);
		if (*fd < 0)
			*fd = dial(to);
		if (*fd >= 0 && write_all(*fd, request, size) && read_line(*fd, answer, sizeof(answer))) {
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
	int fd = -1;

	if (argc < 3) {
		fprintf(stderr, "usage: %s PATH LINE...\n", argv[0]);
		return 2;
	}
	struct sockaddr_un to = unix_address(argv[1]);

	signal(SIGPIPE, SIG_IGN);
	for (int i = 2; i < argc; i++)
		if (!ask(&fd, &to, argv[i])) {
			fprintf(stderr, "no answer to \"%s\" in %d tries\n", argv[i], TRIES);
			return 1;
		}
	close(fd);
	return 0;
}
