/* SPDX-License-Identifier: MIT
 *
 * poll.c -- poll, in all the cases of waiting. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	poll_cases(poll);
	return 0;
}
