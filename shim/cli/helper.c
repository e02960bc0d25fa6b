/* SPDX-License-Identifier: MIT
 *
 * helper.c -- the keeper of a peer's or a client's processes. It is a fork of the command that only waits: since it is
 * the reaper of its own tree, a peer that makes itself a daemon is found and ended as well, and never taken for the
 * target's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/clock.h"
#include "cli/launch.h"
#include "cli/tree.h"

#define GRACE_NS UINT64_C(2000000000)

struct keeper {
	struct sf_tree tree; /* without helpers of its own */
	pid_t main;
	int status;
	uint64_t kill_at_ns; /* 0: not asked to end */
};

/* Is nothing left? */
static bool reap(struct keeper *keeper)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == keeper->main)
			keeper->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return pid < 0 && errno == ECHILD;
}

_Noreturn static void keep(struct keeper *keeper, const sigset_t *signals)
{
	while (!reap(keeper)) {
		struct timespec tick = {keeper->kill_at_ns ? 0 : 3600, 50000000};
		int signal = sigtimedwait(signals, NULL, &tick);

		if (signal == SIGTERM && !keeper->kill_at_ns) {
			keeper->kill_at_ns = sf_clock_ns() + GRACE_NS;
			sf_tree_signal(&keeper->tree, SIGTERM);
		}
		if (keeper->kill_at_ns && sf_clock_ns() >= keeper->kill_at_ns)
			sf_tree_signal(&keeper->tree, SIGKILL);
	}
	_exit(keeper->status);
}

/* Standard input empty, output to the given descriptor; what else the command has open is closed by exec. */
static bool redirect(int output)
{
	int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return empty >= 0 && dup2(empty, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0;
}

static void start(struct keeper *keeper, const char *text, pid_t command)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)text, NULL};

	if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0 || getppid() != command)
		_exit(SF_STATUS_TROUBLE);
	sf_tree_begin();
	keeper->main = fork();
	if (keeper->main == 0) {
		sf_launch_restore();
		execv("/bin/sh", argv);
		_exit(SF_STATUS_NOT_FOUND);
	}
	if (keeper->main < 0)
		_exit(SF_STATUS_TROUBLE);
}

pid_t sf_launch_helper(const char *text, int output)
{
	struct keeper keeper = {.status = SF_STATUS_TROUBLE};
	pid_t command = getpid();
	pid_t pid = fork();
	sigset_t signals;

	if (pid < 0)
		sf_die("can't make a process: %s", strerror(errno));
	if (pid > 0)
		return pid;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	if (!redirect(output))
		_exit(SF_STATUS_TROUBLE);
	start(&keeper, text, command);
	keep(&keeper, &signals);
}
