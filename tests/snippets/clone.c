/* SPDX-License-Identifier: MIT
 *
 * clone.c -- clone of a process, and of one that shares memory and descriptors.
 */
#include "snippet.h"
#include <sched.h>

static int ends[2];
static _Alignas(16) char stack[256 * 1024];

static int child(void *unused)
{
	(void)unused;
	family_child(ends);
	return 5;
}

static int shares_all(void *unused)
{
	(void)unused;
	SAY(close(ends[0]));
	SAY(send(ends[1], "x", 1, MSG_NOSIGNAL));
	_exit(6);
}

int snippet(void)
{
	int status = 0;

	family_make(ends);
	family_parent(ends, clone(child, stack + sizeof(stack), SIGCHLD, NULL));
	family_make(ends);
	pid_t pid = clone(shares_all, stack + sizeof(stack), CLONE_VM | CLONE_FILES | CLONE_VFORK | SIGCHLD, NULL);
	waitpid(pid, &status, 0);
	say_status("child", status);
	SAY(close(ends[0]));
	SAY(close(ends[1]));
#ifdef __GLIBC__ /* musl does not look, and dies of it */
	SAY(clone(NULL, NULL, SIGCHLD, NULL));
#endif
	return 0;
}
