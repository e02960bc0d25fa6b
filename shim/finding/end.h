/* SPDX-License-Identifier: MIT
 *
 * end.h -- how a process came to its end: the last fault that it met, and what the thread that met it did last. Threads
 * that waited for something else meanwhile are not where it died or hangs.
 */
#ifndef SF_FINDING_END_H
#define SF_FINDING_END_H

#include "core/fault.h"
#include "core/finding.h"

/* Kept for each process. */
struct sf_faulted {
	struct sf_moment fault; /* the last; seq 0: none */
	struct sf_moment last;  /* call of that thread */
};

/* Of every event. */
static inline void sf_faulted_note(struct sf_scene *scene)
{
	struct sf_faulted *faulted = scene->of_process;
	const struct sf_moment *now = scene->now;

	if (!faulted || now->operation == SF_OPERATION_COUNT)
		return;
	if (sf_is_injected(now))
		faulted->fault = *now;
	if (faulted->fault.seq && now->thread == faulted->fault.thread)
		faulted->last = *now;
}

/* The call where the process was at its end. */
static inline const struct sf_moment *sf_faulted_at(const struct sf_scene *scene, bool prefers_pending)
{
	const struct sf_faulted *faulted = scene->of_process;
	const struct sf_process_story *process = scene->process;

	if (faulted->last.seq && (!faulted->last.end_ns || !prefers_pending))
		return &faulted->last;
	return process->pending.seq ? &process->pending : &process->last_call;
}

/* A fault that a right program goes on after as if nothing had been. */
static inline bool sf_is_transient_fault(const struct sf_moment *now)
{
	switch (now->event.fault - 1) {
	case SF_FAULT_short:
	case SF_FAULT_delay:
	case SF_FAULT_latency:
	case SF_FAULT_rate:
	case SF_FAULT_signal:
		return true;
	default:
		return false;
	}
}

/* Was the program still there when the run's time was up? */
static inline bool sf_is_overdue(const struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;

	return scene->run->timed_out && (process->ending == SF_LIVES || process->ending == SF_SIGNALED);
}

#endif
