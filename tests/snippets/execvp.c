/* SPDX-License-Identifier: MIT
 *
 * execvp.c -- execvp, in all the cases of execution.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	return execvp(argv[0], argv);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
