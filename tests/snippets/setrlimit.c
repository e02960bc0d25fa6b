/* SPDX-License-Identifier: MIT
 *
 * setrlimit.c -- setrlimit, in all the cases of limits. Async-signal-safe.
 */
/* The header knows the alias, with another type of the same layout. */
#pragma push_macro("setrlimit")
#undef setrlimit
#include "snippet.h"
#pragma pop_macro("setrlimit")

static int set(int resource, const struct rlimit *limit)
{
	return setrlimit(resource, (const void *)limit);
}

int snippet(void)
{
	limit_cases(set);
	return 0;
}
