/* SPDX-License-Identifier: MIT
 *
 * good.c -- what is not hostile at all, and is graded beside those that are.
 */
#include "talk.h"

int main(int argc, char **argv)
{
	char line[256] = "";
	int fd = dial(argv);

	(void)argc;
	ask(fd, line, sizeof line);
	close(fd);
	fputs(line, stdout);
	return 0;
}
