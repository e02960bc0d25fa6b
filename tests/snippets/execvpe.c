/* SPDX-License-Identifier: MIT
 *
 * execvpe.c -- execvpe, in all the cases of execution.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	char *environment[] = {"OF=execvpe", NULL};

	return execvpe(argv[0], argv, environment);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
