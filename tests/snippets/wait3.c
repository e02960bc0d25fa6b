/* SPDX-License-Identifier: MIT
 *
 * wait3.c -- wait3: as waitpid, and what the child has used. Async-signal-safe.
 */
#include "snippet.h"

static pid_t any(pid_t pid, int *status, int options)
{
	struct rusage usage = {.ru_maxrss = -1};
	pid_t got = wait3(status, options, &usage);

	(void)pid;
	if (got > 0)
		say("its use is told: %d", usage.ru_maxrss >= 0);
	return got;
}

int snippet(void)
{
	wait_cases(any, true);
	return 0;
}
