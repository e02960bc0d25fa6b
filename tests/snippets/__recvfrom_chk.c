/* SPDX-License-Identifier: MIT
 *
 * __recvfrom_chk.c -- what a fortified recvfrom calls, in all the cases of receiving, and who it came from.
 * Async-signal-safe.
 */
#include "snippet.h"

ssize_t __recvfrom_chk(
    int fd, void *buffer, size_t length, size_t size, int flags, struct sockaddr *from, socklen_t *from_length);

static ssize_t take(int fd, void *buffer, size_t length)
{
	return __recvfrom_chk(fd, buffer, length, (size_t)-1, 0, NULL, NULL);
}

static ssize_t take_flags(int fd, void *buffer, size_t length, int flags)
{
	return __recvfrom_chk(fd, buffer, length, length, flags, NULL, NULL);
}

int snippet(void)
{
	struct sockaddr_in from = {0};
	socklen_t length = sizeof(from);
	char buffer[16];
	int ends[2];

	take_cases(take);
	take_flag_cases(take_flags);
	make_udp(ends);
	SAY(write(ends[0], "datagram", 8));
	SAY(__recvfrom_chk(ends[1], buffer, 4, sizeof(buffer), MSG_TRUNC, (struct sockaddr *)&from, &length));
	say("family %d, %d bytes", from.sin_family, (int)length);
	close_all(ends, 2);
	return 0;
}
