/* SPDX-License-Identifier: MIT
 *
 * execve.c -- execve, in all the cases of execution. Async-signal-safe.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	char *environment[] = {"OF=execve", NULL};

	return execve(argv[0], argv, environment);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
