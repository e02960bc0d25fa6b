/* SPDX-License-Identifier: MIT
 *
 * posix_spawn.c -- posix_spawn, in all the cases of spawning.
 */
#include "snippet.h"

int snippet(void)
{
	spawn_cases(posix_spawn);
	return 0;
}
