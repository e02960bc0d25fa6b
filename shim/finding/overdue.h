/* SPDX-License-Identifier: MIT
 *
 * overdue.h -- a process that was still there when the run's time was up: does it wait without a limit, and for a peer
 * that a rule keeps silent?
 */
#ifndef SF_FINDING_OVERDUE_H
#define SF_FINDING_OVERDUE_H

#include "finding/end.h"

/* Of the time since the start that a spinning process has used; others leave a processor to others. */
#define SF_BUSY_PERCENT 70

/* Kept for each process. */
struct sf_overdue {
	struct sf_faulted faulted;
	bool is_for_silence;     /* it waits at the end for a socket that a rule keeps silent: */
	struct sf_moment silent; /* the stall; seq 0: it began within the wait, and is no call's */
};

static inline bool sf_is_silence(const struct sf_moment *fault)
{
	return fault->seq && (fault->event.fault == 1 + SF_FAULT_stall || fault->event.fault == 1 + SF_FAULT_drop);
}

static inline void sf_overdue_waits_for(struct sf_overdue *overdue, const struct sf_socket_story *socket)
{
	if (!socket || (!socket->is_silent && !sf_is_silence(&socket->fault)))
		return;
	overdue->is_for_silence = true;
	if (sf_is_silence(&socket->fault))
		overdue->silent = socket->fault;
}

/* Of every event. A call that never returns is the last of its thread. */
static inline void sf_overdue_note(struct sf_scene *scene)
{
	struct sf_overdue *overdue = scene->of_process;
	const struct sf_moment *now = scene->now;
	bool is_whole;
	size_t count = 0;

	if (!overdue)
		return;
	sf_faulted_note(scene);
	if (now->end_ns || now->operation == SF_OPERATION_COUNT)
		return;
	sf_overdue_waits_for(overdue, scene->socket);
	if (now->operation != SF_POLL)
		return;
	const struct sf_watched *watched = sf_scene_watched(scene, &count, &is_whole);

	for (size_t i = 0; i < count; i++)
		sf_overdue_waits_for(overdue, sf_scene_socket_at(scene, watched[i].socket));
	/* What it watches besides may be any. */
	for (uint32_t i = 1; !is_whole && i <= sf_scene_socket_count(scene); i++)
		sf_overdue_waits_for(overdue, sf_scene_socket_at(scene, i));
}

static inline bool sf_is_busy(const struct sf_scene *scene)
{
	return scene->process->busy_ns / SF_BUSY_PERCENT >= scene->run->end_ns / 100 && scene->run->end_ns;
}

/* The call in which it waits without a limit; NULL: it does not, or that is not known. */
static inline const struct sf_moment *sf_overdue_at(const struct sf_scene *scene)
{
	const struct sf_moment *at = sf_faulted_at(scene, true);

	if (!sf_is_overdue(scene) || sf_is_busy(scene) || !at->seq || at->end_ns || scene->run->end_ns <= at->time_ns)
		return NULL;
	if (at->operation == SF_PROCESS || at->event.mode == SF_TIMEOUT ||
	    (at->operation == SF_POLL && at->event.offset != UINT64_MAX))
		return NULL;
	return at;
}

#endif
