/* SPDX-License-Identifier: MIT
 *
 * execle.c -- execle, in all the cases of execution.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	char *environment[] = {"OF=execle", NULL};

	if (!argv[1])
		return execle(argv[0], argv[0], (char *)NULL, environment);
	return execle(argv[0], argv[0], argv[1], argv[2], argv[3], argv[4], (char *)NULL, environment);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
