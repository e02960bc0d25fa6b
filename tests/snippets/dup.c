/* SPDX-License-Identifier: MIT
 *
 * dup.c -- dup of a socket, a pipe and of nothing. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int ends[2], tube[2];
	char byte;

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	make_pipe(tube);
	int twin = (int)SAY(dup(ends[0])), other = (int)SAY(dup(tube[1]));
	SAY(send(twin, "x", 1, 0));
	SAY(recv(ends[1], &byte, 1, 0));
	SAY(write(other, "y", 1));
	SAY(read(tube[0], &byte, 1));
	SAY(close(ends[0]));
	SAY(recv(ends[1], &byte, 1, MSG_DONTWAIT));
	SAY(close(twin));
	SAY(recv(ends[1], &byte, 1, MSG_DONTWAIT));
	SAY(dup(-1));
	SAY(dup(closed_number()));
	close_all((int[]){ends[1], tube[0], tube[1], other}, 4);
	return 0;
}
