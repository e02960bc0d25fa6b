/* SPDX-License-Identifier: MIT
 *
 * epoll_pwait2.c -- epoll_pwait2, in all the cases of waiting. Async-signal-safe.
 */
#include "snippet.h"
#include <time.h>

static int wait_ms(int epoll, struct epoll_event *events, int count, int timeout_ms)
{
	struct timespec timeout = {.tv_nsec = timeout_ms * 1000000L % 1000000000L, .tv_sec = timeout_ms / 1000};

	return epoll_pwait2(epoll, events, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

int snippet(void)
{
	epoll_cases(wait_ms);
	return 0;
}
