/* SPDX-License-Identifier: MIT
 *
 * close.c -- close of each kind of descriptor, twice, with a duplicate, in the middle of a connection.
 * Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int tcp[3], ends[2];
	char byte;

	make_tcp(tcp);
	make_pipe(ends);
	int twin = dup(tcp[CLIENT]);
	SAY(close(tcp[CLIENT]));
	SAY(close(tcp[CLIENT]));
	SAY(send(twin, "x", 1, 0));
	await_input(tcp[SERVER]);
	SAY(recv(tcp[SERVER], &byte, 1, 0));
	SAY(close(twin));
	await_input(tcp[SERVER]);
	SAY(recv(tcp[SERVER], &byte, 1, 0));
	SAY(close(tcp[SERVER]));
	SAY(close(tcp[LISTENER]));
	SAY(close(ends[0]));
	SAY(close(ends[1]));
	SAY(close(-1));
	SAY(close(1 << 30));
	SAY(socket(AF_INET, SOCK_STREAM, 0));
	return 0;
}
