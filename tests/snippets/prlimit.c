/* SPDX-License-Identifier: MIT
 *
 * prlimit.c -- prlimit, in all the cases of limits: of this process by 0 and by its number. Async-signal-safe.
 */
/* The header knows the alias, with another type of the same layout. */
#pragma push_macro("prlimit")
#undef prlimit
#include "snippet.h"
#pragma pop_macro("prlimit")

static int set(int resource, const struct rlimit *limit)
{
	return prlimit(0, resource, (const void *)limit, NULL);
}

static int set_by_number(int resource, const struct rlimit *limit)
{
	return prlimit(getpid(), resource, (const void *)limit, NULL);
}

int snippet(void)
{
	struct rlimit before;

	limit_cases(set);
	limit_cases(set_by_number);
	SAY(prlimit(0, RLIMIT_AS, NULL, (void *)&before));
	SAY(prlimit(-1, RLIMIT_AS, NULL, (void *)&before));
	return 0;
}
