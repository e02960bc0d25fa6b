/* SPDX-License-Identifier: MIT
 *
 * fexecve.c -- fexecve, in all the cases of execution.
 */
#include "snippet.h"

static int run(char *const argv[])
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

	return fexecve(fd, argv, environ);
}

int snippet(void)
{
	exec_cases(run);
	return 0;
}
