/* SPDX-License-Identifier: MIT
 *
 * reset-taken-for-end-stdio.c -- asks by stdio and prints all lines of the answer. NULL from fgets() means "the end, or
 * an error": it never asks which, by ferror().
 *
 * finds: reset-taken-for-end
 * rule: recv nth=2: reset
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	char line[256];

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	int fd = connected(argv[1]);
	FILE *stream = fdopen(fd, "r+");

	if (!stream)
		die("fdopen");
	for (int i = 1; i <= 2; i++) {
		fprintf(stream, "this is line %d\n", i);
		fflush(stream);
		if (fgets(line, sizeof(line), stream)) /* here: reset-taken-for-end */
			fputs(line, stdout);
	}
	fclose(stream);
	return 0;
}
