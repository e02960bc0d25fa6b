/* SPDX-License-Identifier: MIT
 *
 * recvfrom.c -- recvfrom, in all the cases of receiving, with flags, and who it came from. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t take(int fd, void *buffer, size_t length)
{
	return recvfrom(fd, buffer, length, 0, NULL, NULL);
}

static ssize_t take_flags(int fd, void *buffer, size_t length, int flags)
{
	return recvfrom(fd, buffer, length, flags, NULL, NULL);
}

static void from_whom(int ends[2])
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char buffer[16];

	SAY(write(ends[0], "one", 3));
	SAY(write(ends[0], "two", 3));
	SAY(recvfrom(ends[1], buffer, sizeof(buffer), 0, (struct sockaddr *)&address, &length));
	say("family %d, %d bytes", address.ss_family, (int)length);
	length = 4;
	SAY(recvfrom(ends[1], buffer, sizeof(buffer), 0, (struct sockaddr *)&address, &length));
	say("%d bytes", (int)length);
	close_all(ends, 2);
}

int snippet(void)
{
	int ends[2];

	take_cases(take);
	take_flag_cases(take_flags);
	make_udp(ends);
	from_whom(ends);
	make_pair(AF_UNIX, SOCK_DGRAM, ends);
	from_whom(ends);
	return 0;
}
