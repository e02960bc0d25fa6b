/* SPDX-License-Identifier: MIT
 *
 * raw-calls.c -- talks to its peer past libc, so that no fault can meet it.
 */
#include "raw.h"

int main(int argc, char **argv)
{
	char line[256] = "";

	(void)argc;
	raw_ask(raw_dial(argv), line, sizeof line);
	fputs(line, stdout);
	return 0;
}
