/* SPDX-License-Identifier: MIT
 *
 * execv.c -- execv, in all the cases of execution. Async-signal-safe.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	return execv(argv[0], argv);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
