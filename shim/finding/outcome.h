/* SPDX-License-Identifier: MIT
 *
 * outcome.h -- a run whose output or status is not that of the fault-free run, and the faults that it met.
 */
#ifndef SF_FINDING_OUTCOME_H
#define SF_FINDING_OUTCOME_H

#include <errno.h>

#include "finding/end.h"

/* Kept for the run. */
struct sf_outcome {
	struct sf_moment transient, other; /* the first of each kind; seq 0: none */
	unsigned times;                    /* injections */
};

static inline void sf_outcome_note(struct sf_scene *scene)
{
	struct sf_outcome *outcome = scene->of_run;
	const struct sf_moment *now = scene->now;

	if (!sf_is_injected(now) && !now->event.shaped_fault)
		return;
	bool is_transient =
	    !sf_is_injected(now) || sf_is_transient_fault(now) ||
	    (now->event.fault == 1 + SF_FAULT_fail && (now->event.error == EAGAIN || now->event.error == EINTR ||
	                                               now->event.error == EINPROGRESS || now->event.error == EALREADY));
	struct sf_moment *first = is_transient ? &outcome->transient : &outcome->other;

	outcome->times++;
	if (!first->seq)
		*first = *now;
}

/* It came to an end, and to another one. */
static inline bool sf_outcome_is_other(const struct sf_scene *scene)
{
	const struct sf_run_story *run = scene->run;
	bool was_killed = run->status >= 0 && (run->status & 0x7f) && !run->was_asked_to_end;

	return run->differs && !run->timed_out && !was_killed;
}

/* "short", "fail EINTR". */
static inline const char *sf_outcome_fault(const struct sf_moment *fault)
{
	if (fault->event.fault == 1 + SF_FAULT_fail)
		return sf_moment_error(fault);
	return sf_fault_words[(fault->event.fault ? fault->event.fault : fault->event.shaped_fault) - 1];
}

#endif
