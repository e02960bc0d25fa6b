/* SPDX-License-Identifier: MIT
 *
 * select.c -- select, in all the cases of waiting; the time that is left. Async-signal-safe.
 */
#include "snippet.h"

static int wait_ms(int count, fd_set *in, fd_set *out, fd_set *error, int timeout_ms)
{
	struct timeval timeout = {.tv_usec = timeout_ms * 1000L % 1000000L, .tv_sec = timeout_ms / 1000};

	return select(count, in, out, error, timeout_ms < 0 ? NULL : &timeout);
}

int snippet(void)
{
	struct timeval left = {.tv_usec = 1000}, bad = {.tv_sec = -1};
	fd_set in;
	int number = closed_number();

	select_cases(wait_ms);
	SAY(select(0, NULL, NULL, NULL, &left));
	say("left %d.%06d", (int)left.tv_sec, (int)left.tv_usec);
	SAY(select(0, NULL, NULL, NULL, &bad));
	FD_ZERO(&in);
	FD_SET(number, &in);
	SAY(select(number + 1, &in, NULL, NULL, NULL));
	return 0;
}
