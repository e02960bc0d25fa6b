/* SPDX-License-Identifier: MIT
 *
 * _Fork.c -- _Fork: as fork, without the handlers of pthread_atfork. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int ends[2];

	family_make(ends);
	pid_t pid = _Fork();
	if (pid == 0) {
		family_child(ends);
		_exit(5);
	}
	family_parent(ends, pid);
	return 0;
}
