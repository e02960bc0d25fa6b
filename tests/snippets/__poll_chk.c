/* SPDX-License-Identifier: MIT
 *
 * __poll_chk.c -- what a fortified poll calls, in all the cases of waiting. Async-signal-safe.
 */
#include "snippet.h"

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size);

static int wait_ms(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	return __poll_chk(fds, count, timeout_ms, (size_t)-1);
}

int snippet(void)
{
	poll_cases(wait_ms);
	return 0;
}
