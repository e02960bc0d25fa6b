/* SPDX-License-Identifier: MIT
 *
 * epoll_pwait.c -- epoll_pwait, in all the cases of waiting, and with a mask of signals. Async-signal-safe.
 */
#include "snippet.h"

static int wait_ms(int epoll, struct epoll_event *events, int count, int timeout_ms)
{
	sigset_t all;

	sigfillset(&all);
	return epoll_pwait(epoll, events, count, timeout_ms, timeout_ms ? &all : NULL);
}

int snippet(void)
{
	epoll_cases(wait_ms);
	return 0;
}
