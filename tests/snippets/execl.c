/* SPDX-License-Identifier: MIT
 *
 * execl.c -- execl, in all the cases of execution.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	if (!argv[1])
		return execl(argv[0], argv[0], (char *)NULL);
	return execl(argv[0], argv[0], argv[1], argv[2], argv[3], argv[4], (char *)NULL);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
