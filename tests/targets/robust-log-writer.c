/* SPDX-License-Identifier: MIT
 *
 * robust-log-writer PATH LINE... -- sends each line as a datagram to a Unix socket, as syslog(3) does, then asks
 * how many lines came and prints the answer.
 *
 * Copes: waits where the receiver's queue is full, and connects anew where the receiver was started anew.
 */
#include "target.h"

#include <poll.h>

#define TRIES 6

static int dial(const struct sockaddr_un *to)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 1};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* a name of the kernel's choice, for the answer */
	if (bind(fd, (struct sockaddr *)&own, sizeof(own.sun_family)) == 0 &&
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Sends one datagram, through a new socket where the old one has lost its receiver. */
static bool log_line(int *fd, const struct sockaddr_un *to, const char *line)
{
	for (int try = 0; try < TRIES; try++) {
		if (*fd < 0)
			*fd = dial(to);
		if (*fd >= 0 && send(*fd, line, strlen(line), MSG_DONTWAIT) >= 0)
			return true;
		if (*fd >= 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = *fd, .events = POLLOUT};

			poll(&p, 1, 200);
			continue;
		}
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		wait_ms(5 << try);
	}
	return false;
}

int main(int argc, char **argv)
{
	char answer[128];
	int fd = -1;

	if (argc < 3) {
		fprintf(stderr, "usage: %s PATH LINE...\n", argv[0]);
		return 2;
	}
	struct sockaddr_un to = unix_address(argv[1]);

	for (int i = 2; i < argc; i++)
		if (!log_line(&fd, &to, argv[i]))
			die("send");
	if (!log_line(&fd, &to, "?"))
		die("send");
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n < 0)
		die("recv");
	printf("%.*s\n", (int)n, answer);
	close(fd);
	return 0;
}
