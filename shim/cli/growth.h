/* SPDX-License-Identifier: MIT
 *
 * growth.h -- the arena grows ahead of its use: enough pages are always ready that none runs out between two looks.
 */
#ifndef SF_CLI_GROWTH_H
#define SF_CLI_GROWTH_H

#include "cli/arenafile.h"

struct sf_growth {
	uint32_t warm;     /* pages before this one were brought in */
	uint32_t used;     /* pages at the last look */
	uint32_t reserve;  /* pages to keep ready beyond those in use */
	uint64_t pause_ns; /* until the next look */
	uint64_t next_clock_ns;
	int stopped; /* errno that ended the growth, 0: none */
};

void sf_growth_begin(struct sf_growth *growth);

/* One look: grows the file as need be, takes the clocks. Sets pause_ns: short while it is in use, longer while idle. */
void sf_growth_step(struct sf_growth *growth, struct sf_arena_file *file);

#endif
