/* SPDX-License-Identifier: MIT
 *
 * fork.c -- fork: parent and child share sockets, and each closes its own. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int ends[2];

	family_make(ends);
	errno = ERRNO_BEFORE;
	pid_t pid = fork();
	if (pid == 0) {
		say("errno %s", errno == ERRNO_BEFORE ? "untouched" : "changed");
		family_child(ends);
		_exit(5);
	}
	family_parent(ends, pid);
	return 0;
}
