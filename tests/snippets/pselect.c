/* SPDX-License-Identifier: MIT
 *
 * pselect.c -- pselect, in all the cases of waiting; its timeout is left alone; a mask of signals. Async-signal-safe.
 */
#include "snippet.h"
#include <time.h>

static int wait_ms(int count, fd_set *in, fd_set *out, fd_set *error, int timeout_ms)
{
	struct timespec timeout = {.tv_nsec = timeout_ms * 1000000L % 1000000000L, .tv_sec = timeout_ms / 1000};

	return pselect(count, in, out, error, timeout_ms < 0 ? NULL : &timeout, NULL);
}

int snippet(void)
{
	struct timespec kept = {.tv_nsec = 1000000}, bad = {.tv_nsec = -1};
	sigset_t all;

	select_cases(wait_ms);
	sigfillset(&all);
	SAY(pselect(0, NULL, NULL, NULL, &kept, &all));
	say("kept %d.%09d", (int)kept.tv_sec, (int)kept.tv_nsec);
	SAY(pselect(0, NULL, NULL, NULL, &bad, NULL));
	return 0;
}
