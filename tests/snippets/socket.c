/* SPDX-License-Identifier: MIT
 *
 * socket.c -- socket of each family and type, with flags, and what no socket can be made of. Async-signal-safe.
 */
#include "snippet.h"

static void make(int domain, int type, int protocol)
{
	long fd = SAY(socket(domain, type, protocol));

	if (fd < 0)
		return;
	SAY(fcntl((int)fd, F_GETFD));
	say("nonblocking: %d", (fcntl((int)fd, F_GETFL) & O_NONBLOCK) != 0);
	SAY(close((int)fd));
}

int snippet(void)
{
	make(AF_INET, SOCK_STREAM, 0);
	make(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	make(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	make(AF_UNIX, SOCK_STREAM, 0);
	make(AF_UNIX, SOCK_SEQPACKET, 0);
	make(AF_NETLINK, SOCK_RAW, 0);
	make(AF_INET, SOCK_SEQPACKET, 0);
	make(AF_INET, SOCK_STREAM, IPPROTO_UDP);
	make(-1, SOCK_STREAM, 0);
	make(AF_INET, -1, 0);
	return 0;
}
