/* SPDX-License-Identifier: MIT
 *
 * datagram-cut-unnoticed-message.c -- a pair of sockets in one program: one thread sends three reports, the other takes
 * them by recvmsg() and prints them. MSG_TRUNC in msg_flags it does not look at.
 *
 * finds: datagram-cut-unnoticed
 * rule: recv type=dgram nth=2: truncate 10
 * command: {self}
 * role: client
 */
#include <poll.h>
#include <pthread.h>

#include "../target.h"

static struct sockaddr_in at = {.sin_family = AF_INET};

static void *report(void *unused)
{
	static const char *const reports[] = {"all is well at the gate", "all is well at the tower", "all is well"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)unused;
	if (fd < 0)
		return NULL;
	for (int i = 0; i < 3; i++)
		sendto(fd, reports[i], strlen(reports[i]), 0, (struct sockaddr *)&at, sizeof(at));
	close(fd);
	return NULL;
}

int main(void)
{
	char data[128];
	socklen_t length = sizeof(at);
	pthread_t reporter;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &length) < 0 || pthread_create(&reporter, NULL, report, NULL))
		die("start");
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	for (int i = 0; i < 3 && poll(&readable, 1, 1000) == 1; i++) {
		struct iovec piece = {data, sizeof(data)};
		struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &message, 0); /* here: datagram-cut-unnoticed */

		if (n >= 0)
			printf("%.*s\n", (int)n, data);
	}
	pthread_join(reporter, NULL);
	close(fd);
	return 0;
}
