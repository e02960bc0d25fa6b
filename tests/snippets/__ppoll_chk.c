/* SPDX-License-Identifier: MIT
 *
 * __ppoll_chk.c -- what a fortified ppoll calls, in all the cases of waiting. Async-signal-safe.
 */
#include "snippet.h"
#include <time.h>

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *blocked, size_t size);

static int wait_ms(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec timeout = {.tv_nsec = timeout_ms * 1000000L % 1000000000L, .tv_sec = timeout_ms / 1000};

	return __ppoll_chk(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL, (size_t)-1);
}

int snippet(void)
{
	poll_cases(wait_ms);
	return 0;
}
