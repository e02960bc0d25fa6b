/* SPDX-License-Identifier: MIT
 *
 * wait.c -- wait: exits, signals, nobody at all. Async-signal-safe.
 */
#include "snippet.h"

static pid_t any(pid_t pid, int *status, int options)
{
	(void)pid, (void)options;
	return wait(status);
}

int snippet(void)
{
	wait_cases(any, false);
	return 0;
}
