/* SPDX-License-Identifier: MIT
 *
 * execveat.c -- execveat, in all the cases of execution. Async-signal-safe.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	int folder = open("/", O_PATH | O_CLOEXEC);

	return execveat(folder, argv[0][1] ? argv[0] + 1 : ".", argv, environ, 0);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
