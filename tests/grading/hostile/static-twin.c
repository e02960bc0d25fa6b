/* SPDX-License-Identifier: MIT
 *
 * static-twin.c -- executes itself again as a static program: it comes along as text, is compiled at build time, and
 * written to a file of its own.
 */
#include "talk.h"

int main(int argc, char **argv)
{
	char line[256] = "";

	(void)argc;
#ifndef TWIN
	execl("./twin", "twin", argv[1], argv[2], (char *)NULL);
#endif
	ask(dial(argv), line, sizeof line);
	fputs(line, stdout);
	return 0;
}
