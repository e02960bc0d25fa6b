/* SPDX-License-Identifier: MIT
 *
 * popen.c -- popen, to read from and to write to; its mode; the status at the end.
 */
#include "snippet.h"

static void read_from(const char *command, const char *mode)
{
	char line[64];
	FILE *in = popen(command, mode);

	while (in && fgets(line, sizeof(line), in))
		say_bytes("line", line, strlen(line));
	say_status("closed", pclose(in));
}

int snippet(void)
{
	read_from("echo one; echo two; exit 4", "r");
	read_from("echo kept from children", "re");
	FILE *out = popen("cat; exit 2", "w");
	fputs("to the command\n", out);
	say_status("closed", pclose(out));
	errno = ERRNO_BEFORE;
	say("wrong mode: %s %s", popen("true", "x") ? "opened" : "refused", strerrorname_np(errno));
	return 0;
}
