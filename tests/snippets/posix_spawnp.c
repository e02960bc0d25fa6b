/* SPDX-License-Identifier: MIT
 *
 * posix_spawnp.c -- posix_spawnp, in all the cases of spawning.
 */
#include "snippet.h"

int snippet(void)
{
	spawn_cases(posix_spawnp);
	return 0;
}
