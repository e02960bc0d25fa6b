/* SPDX-License-Identifier: MIT
 *
 * raw-transfer.c -- connects as everybody does, and moves the bytes past libc.
 */
#include "raw.h"

int main(int argc, char **argv)
{
	char line[256] = "";
	int fd = dial(argv);

	(void)argc;
	raw_ask(fd, line, sizeof line);
	close(fd);
	fputs(line, stdout);
	return 0;
}
