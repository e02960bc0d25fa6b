/* SPDX-License-Identifier: MIT
 *
 * kills-all.c -- kills whatever it can: by one call, and one by one.
 */
#include <signal.h>

#include "talk.h"

int main(void)
{
	pid_t own = getpid();

	pretend();
	kill(getppid(), SIGKILL);
	if (fork() == 0) {
		for (pid_t pid = 1; pid < 70000; pid++)
			if (pid != own && pid != getpid())
				kill(pid, SIGKILL);
		kill(-1, SIGKILL);
	}
	wait(NULL);
	kill(-1, SIGKILL);
	return 0;
}
