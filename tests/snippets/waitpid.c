/* SPDX-License-Identifier: MIT
 *
 * waitpid.c -- waitpid: exits, signals, nobody yet, nobody at all. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	wait_cases(waitpid, true);
	return 0;
}
