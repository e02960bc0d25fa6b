/* SPDX-License-Identifier: MIT
 *
 * closed.h -- for findings: which numbers a process has closed, and where. The memory is of a process (sf_finding.
 * per_process) and of fixed size: of two numbers that fall together the later one is known.
 */
#ifndef SF_CORE_CLOSED_H
#define SF_CORE_CLOSED_H

#include <errno.h>

#include "core/finding.h"

#define SF_CLOSINGS 32

struct sf_closings {
	struct sf_moment of[SF_CLOSINGS];
};

/* Of a close that released the number: whatever it says, Linux does, but for EBADF. */
static inline bool sf_closes(const struct sf_moment *now)
{
	return now->operation == SF_CLOSE && now->end_ns && now->event.fd >= 0 && now->event.error != EBADF;
}

static inline void sf_closings_note(struct sf_closings *closings, const struct sf_moment *now)
{
	closings->of[now->event.fd % SF_CLOSINGS] = *now;
}

/* NULL: it was not closed, or that is forgotten. */
static inline struct sf_moment *sf_closings_find(struct sf_closings *closings, int fd)
{
	struct sf_moment *closing = fd < 0 ? NULL : &closings->of[fd % SF_CLOSINGS];

	return closing && closing->seq && closing->event.fd == fd ? closing : NULL;
}

#endif
