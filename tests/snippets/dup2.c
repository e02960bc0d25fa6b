/* SPDX-License-Identifier: MIT
 *
 * dup2.c -- dup2, in all the cases of duplication. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	duplicate_cases(dup2);
	return 0;
}
