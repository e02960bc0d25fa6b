/* SPDX-License-Identifier: MIT
 *
 * clock.h -- the two clocks of a run: the tick counter that stamps events, and CLOCK_MONOTONIC, which they are told in.
 */
#ifndef SF_CLI_CLOCK_H
#define SF_CLI_CLOCK_H

#include "core/arena.h"

uint64_t sf_clock_ns(void);

/* Does the tick counter run at one speed, in all states of the processor and on all of them? */
bool sf_clock_is_steady(void);

/* Both clocks at one moment. Ticks are nanoseconds where stamps_are_ns. */
struct sf_clock_pair sf_clock_read(bool stamps_are_ns);

#endif
