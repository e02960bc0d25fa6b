/* SPDX-License-Identifier: MIT
 *
 * sendto.c -- sendto, in all the cases of sending, and to an address. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t put(int fd, const void *buffer, size_t length)
{
	return sendto(fd, buffer, length, MSG_NOSIGNAL, NULL, 0);
}

static void to_addresses(void)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int ends[2], sender = socket(AF_INET, SOCK_DGRAM, 0), in = socket(AF_INET, SOCK_DGRAM, 0);
	char buffer[16];

	make_udp(ends);
	SAY(bind(in, (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET}, sizeof(struct sockaddr_in)));
	SAY(getsockname(in, (struct sockaddr *)&address, &length));
	SAY(sendto(sender, "one", 3, 0, (struct sockaddr *)&address, length));
	SAY(sendto(sender, NULL, 0, 0, (struct sockaddr *)&address, length));
	SAY(sendto(sender, "two", 3, MSG_DONTWAIT, (struct sockaddr *)&address, 3));
	SAY(sendto(sender, "two", 3, 0, bad_pointer(), length));
	SAY(sendto(sender, "two", 3, 0, NULL, 0));
	SAY(recv(in, buffer, sizeof(buffer), 0));
	SAY(recv(in, buffer, sizeof(buffer), 0));
	SAY(recv(in, buffer, sizeof(buffer), MSG_DONTWAIT));
	close_all((int[]){sender, in, ends[0], ends[1]}, 4);
}

int snippet(void)
{
	put_cases(put);
	to_addresses();
	return 0;
}
