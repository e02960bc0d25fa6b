/* SPDX-License-Identifier: MIT
 *
 * epoll_wait.c -- epoll_wait, in all the cases of waiting. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	epoll_cases(epoll_wait);
	return 0;
}
