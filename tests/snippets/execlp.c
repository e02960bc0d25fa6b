/* SPDX-License-Identifier: MIT
 *
 * execlp.c -- execlp, in all the cases of execution.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	if (!argv[1])
		return execlp(argv[0], argv[0], (char *)NULL);
	return execlp(argv[0], argv[0], argv[1], argv[2], argv[3], argv[4], (char *)NULL);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
