/* SPDX-License-Identifier: MIT
 *
 * socketpair.c -- socketpair: both ends work; what Linux leaves in the array on failure. Async-signal-safe.
 */
#include "snippet.h"

static void make(int domain, int type)
{
	int ends[2] = {-7, -7};
	char byte = 0;

	long result = SAY(socketpair(domain, type, 0, ends));

	say("ends %d %d", ends[0], ends[1]);
	if (result < 0)
		return;
	SAY(send(ends[0], "x", 1, 0));
	SAY(recv(ends[1], &byte, 1, 0));
	SAY(fcntl(ends[1], F_GETFD));
	close_all(ends, 2);
}

int snippet(void)
{
	make(AF_UNIX, SOCK_STREAM);
	make(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC);
	make(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK);
	make(AF_INET, SOCK_STREAM);
	SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, bad_pointer()));
	return 0;
}
