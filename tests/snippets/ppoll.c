/* SPDX-License-Identifier: MIT
 *
 * ppoll.c -- ppoll, in all the cases of waiting, and with a mask of signals. Async-signal-safe.
 */
#include "snippet.h"
#include <time.h>

static int wait_ms(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec timeout = {.tv_nsec = timeout_ms * 1000000L % 1000000000L, .tv_sec = timeout_ms / 1000};

	return ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

int snippet(void)
{
	sigset_t all;
	struct timespec now = {0}, bad = {.tv_nsec = -1};

	poll_cases(wait_ms);
	sigfillset(&all);
	SAY(ppoll(NULL, 0, &now, &all));
	SAY(ppoll(NULL, 0, &bad, NULL));
	return 0;
}
