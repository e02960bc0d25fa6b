/* SPDX-License-Identifier: MIT
 *
 * reap.c -- what waits for children say: the same for each of them. One child at a time, so that all wait for the same.
 */
#include "../snippet.h"

static pid_t child_that_exits(int status)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(status);
	return pid;
}

/* Lives until the other end is closed. */
static pid_t child_that_waits(int ends[2])
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		close(ends[0]);
		(void)!read(ends[1], &byte, 1);
		raise(SIGKILL);
	}
	close(ends[1]);
	return pid;
}

static void say_wait(const char *what, pid_t expected, pid_t got)
{
	say("%s: %s, errno %s", what,
	    got == expected ? "the child"
	    : got == 0      ? "nobody yet"
	                    : "no child",
	    errno == ERRNO_BEFORE ? "untouched" : strerrorname_np(errno));
}

#define WAIT(what, child, call) (errno = ERRNO_BEFORE, say_wait(what, child, call))

void wait_cases(waiter *reap, bool declines)
{
	int status = 0, ends[2];
	pid_t pid = child_that_exits(7);

	WAIT("one that exits", pid, reap(pid, &status, 0));
	say_status("it", status);
	pid = child_that_exits(8);
	WAIT("without its status", pid, reap(pid, NULL, 0));
	WAIT("none is left", pid, reap(pid, &status, 0));
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	pid = child_that_waits(ends);
	if (declines) {
		WAIT("one that lives", pid, reap(pid, &status, WNOHANG));
		WAIT("options that there are not", pid, reap(pid, &status, 0x40000000 | 0x100));
	}
	close(ends[0]);
	WAIT("one that was killed", pid, reap(pid, &status, 0));
	say_status("it", status);
}
