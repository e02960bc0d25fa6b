/* SPDX-License-Identifier: MIT
 *
 * system.c -- system: statuses, output, no command, no such command.
 */
#include "snippet.h"

int snippet(void)
{
	say_status("exit", (int)SAY(system("echo output; exit 9")));
	say_status("signal", (int)SAY(system("kill -9 $$")));
	SAY(system(NULL));
	say_status("missing", (int)SAY(system("/nonexistent/program 2>/dev/null")));
	SAY(system(""));
	return 0;
}
