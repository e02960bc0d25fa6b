/* SPDX-License-Identifier: MIT
 *
 * init.c -- the first process of a PID namespace ignores each signal that it has no handler for (pid_namespaces(7)): a
 * program in that place would survive its own SIGPIPE and abort(). So it stays with us, and the program is our child.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/confine.h"

_Noreturn static void wait_for(pid_t main, bool and_all)
{
	int status, last = SF_CONFINE_TROUBLE;

	for (;;) {
		pid_t pid = wait(&status);

		if (pid == main)
			last = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		if ((pid == main && !and_all) || (pid < 0 && errno != EINTR))
			_exit(last);
	}
}

void confine_fork_init(bool waits_for_all)
{
	pid_t pid = fork();

	if (pid < 0)
		confine_die("can't make a process", NULL);
	/* Not to be traced by the program, which is the same user. */
	if (pid > 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		wait_for(pid, waits_for_all);
	if (pid > 0)
		confine_die("can't be kept from being traced", NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		confine_die("can't be ended with the sandbox", NULL);
}
