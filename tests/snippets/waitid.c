/* SPDX-License-Identifier: MIT
 *
 * waitid.c -- waitid: exits, signals, nobody yet, nobody at all, and a look that leaves the child. Async-signal-safe.
 */
#include "snippet.h"

static pid_t one(pid_t pid, int *status, int options)
{
	siginfo_t info = {.si_pid = -2};
	siginfo_t *asked = status ? &info : NULL;

	if (status && options == 0)
		say("left there: %ld", (long)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	if (waitid(P_PID, (id_t)pid, asked, WEXITED | options) != 0)
		return -1;
	if (!status)
		return pid;
	*status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
	return info.si_pid;
}

int snippet(void)
{
	wait_cases(one, true);
	return 0;
}
