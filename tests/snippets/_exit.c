/* SPDX-License-Identifier: MIT
 *
 * _exit.c -- _exit: the status arrives, handlers of atexit are not run, sockets are closed. Async-signal-safe.
 */
#include "snippet.h"

static int ends[2];

static void never(void)
{
	say("an atexit handler ran");
}

static void leave(void)
{
	atexit(never);
	send(ends[1], "bye", 3, 0);
	_exit(300 + 11);
}

int snippet(void)
{
	char buffer[8];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	in_child(leave);
	SAY(close(ends[1]));
	SAY(recv(ends[0], buffer, sizeof(buffer), 0));
	SAY(recv(ends[0], buffer, sizeof(buffer), 0));
	close(ends[0]);
	return 0;
}
