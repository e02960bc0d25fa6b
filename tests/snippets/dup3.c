/* SPDX-License-Identifier: MIT
 *
 * dup3.c -- dup3, in all the cases of duplication, and its flag. Async-signal-safe.
 */
#include "snippet.h"

static int copy(int from, int to)
{
	return dup3(from, to, O_CLOEXEC);
}

int snippet(void)
{
	int ends[2];

	duplicate_cases(copy);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(dup3(ends[0], 60, 0));
	SAY(fcntl(60, F_GETFD));
	SAY(dup3(ends[0], 60, O_CLOEXEC));
	SAY(fcntl(60, F_GETFD));
	SAY(dup3(ends[0], 60, 12345));
	close_all((int[]){60, ends[0], ends[1]}, 3);
	return 0;
}
