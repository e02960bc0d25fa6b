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

/* What was picked, not what the call said: a connect that is refused says EINPROGRESS first. */
static inline bool sf_is_later(uint64_t error)
{
	return error == EAGAIN || error == EINTR || error == EINPROGRESS || error == EALREADY;
}

static inline void sf_outcome_note(struct sf_scene *scene)
{
	struct sf_outcome *outcome = scene->of_run;
	const struct sf_moment *now = scene->now;

	if (!sf_is_injected(now) && !now->event.shaped_fault)
		return;
	if (now->operation == SF_CLOSE)
		return; /* it can't be made again, and may be reported or not */
	bool is_late = now->event.fault == 1 + SF_FAULT_fail && sf_is_later(now->event.fault_value);
	bool is_transient = !sf_is_injected(now) || sf_is_transient_fault(now) || is_late;
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

	return run->differs != SF_DIFFERS_NOTHING && !run->timed_out && !was_killed;
}

/* "its output": what is not that of a run without faults. */
static inline const char *sf_outcome_differs(const struct sf_scene *scene)
{
	static const char *const texts[] = {
	    [SF_DIFFERS_NOTHING] = "nothing",
	    [SF_DIFFERS_OUTPUT] = "its output",
	    [SF_DIFFERS_CLIENT] = "what its client got",
	    [SF_DIFFERS_PEER] = "what its peer received",
	};

	return texts[scene->run->differs];
}

/* "short", "fail EINTR". */
static inline const char *sf_outcome_fault(const struct sf_moment *fault)
{
	struct sf_moment picked = *fault;

	picked.event.error = (uint16_t)fault->event.fault_value;
	if (fault->event.fault == 1 + SF_FAULT_fail && fault->operation != SF_RESOLVE)
		return sf_moment_error(&picked);
	return sf_fault_words[(fault->event.fault ? fault->event.fault : fault->event.shaped_fault) - 1];
}

#endif
