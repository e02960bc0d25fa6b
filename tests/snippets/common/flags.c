/* SPDX-License-Identifier: MIT
 *
 * flags.c -- the cases of receiving with flags: what is peeked stays, MSG_WAITALL waits, MSG_TRUNC tells the length.
 */
#include "../snippet.h"

static void take(flag_taker *call, int fd, size_t length, int flags)
{
	char buffer[16] = "";
	long got = SAY(call(fd, buffer, length, flags));

	if (got > 0)
		say_bytes("taken", buffer, got < (long)length ? (size_t)got : length);
}

static void on_stream(flag_taker *call)
{
	int tcp[3];

	make_tcp(tcp);
	SAY(write(tcp[CLIENT], "peek at all", 11));
	await_input(tcp[SERVER]);
	take(call, tcp[SERVER], 4, MSG_PEEK);
	take(call, tcp[SERVER], 0, MSG_PEEK);
	take(call, tcp[SERVER], 11, MSG_PEEK | MSG_DONTWAIT);
	take(call, tcp[SERVER], 4, MSG_TRUNC);
	take(call, tcp[SERVER], 7, MSG_WAITALL);
	take(call, tcp[SERVER], 7, MSG_DONTWAIT);
	take(call, tcp[SERVER], 7, MSG_ERRQUEUE);
	take(call, tcp[SERVER], 1, MSG_OOB);
	SAY(write(tcp[CLIENT], "end", 3));
	SAY(shutdown(tcp[CLIENT], SHUT_WR));
	take(call, tcp[SERVER], 16, MSG_WAITALL);
	take(call, tcp[SERVER], 16, MSG_WAITALL | MSG_PEEK);
	close_all(tcp, 3);
}

static void on_datagrams(flag_taker *call)
{
	int ends[2];

	make_udp(ends);
	SAY(write(ends[0], "a datagram", 10));
	SAY(write(ends[0], "another", 7));
	take(call, ends[1], 4, MSG_PEEK);
	take(call, ends[1], 4, MSG_PEEK | MSG_TRUNC);
	take(call, ends[1], 4, MSG_TRUNC);
	take(call, ends[1], 16, MSG_WAITALL);
	take(call, ends[1], 16, MSG_DONTWAIT);
	close_all(ends, 2);
}

void take_flag_cases(flag_taker *call)
{
	on_stream(call);
	on_datagrams(call);
}
