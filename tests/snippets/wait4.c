/* SPDX-License-Identifier: MIT
 *
 * wait4.c -- wait4: as waitpid, and what the child has used. Async-signal-safe.
 */
#include "snippet.h"

static pid_t one(pid_t pid, int *status, int options)
{
	struct rusage usage = {.ru_maxrss = -1};
	pid_t got = wait4(pid, status, options, &usage);

	if (got > 0)
		say("its use is told: %d", usage.ru_maxrss >= 0);
	return got;
}

int snippet(void)
{
	wait_cases(one, true);
	return 0;
}
