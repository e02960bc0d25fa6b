/* SPDX-License-Identifier: MIT
 *
 * wait.h -- what a thread was told by its last wait, and whether a call then had to wait itself: what the findings on
 * programs that serve many sockets share.
 */
#ifndef SF_FINDING_WAIT_H
#define SF_FINDING_WAIT_H

#include <poll.h>

#include "core/fault.h"
#include "core/finding.h"

/* A call that took longer has waited for somebody, whatever the load of the machine. */
#define SF_WAITED_NS UINT64_C(500000000)
#define SF_SOCKETS_WATCHED 32

/* Kept for each thread. */
struct sf_last_wait {
	struct sf_moment wait; /* seq 0: there was none */
	size_t count;
	bool is_whole;
	struct sf_one_watched {
		uint32_t socket;
		uint16_t events, revents;
		uint16_t calls; /* on it, since then */
	} list[SF_SOCKETS_WATCHED];
};

/* Is this call one that waits for readiness (and none that makes an epoll instance or changes it)? */
static inline bool sf_is_wait(const struct sf_moment *now)
{
	return now->operation == SF_POLL && !sf_func_rows[now->event.what].by_name_only;
}

static inline void sf_wait_note(struct sf_scene *scene, struct sf_last_wait *last)
{
	const struct sf_watched *watched = sf_scene_watched(scene, &last->count, &last->is_whole);

	last->wait = *scene->now;
	last->is_whole &= last->count <= SF_SOCKETS_WATCHED;
	if (last->count > SF_SOCKETS_WATCHED)
		last->count = SF_SOCKETS_WATCHED;
	for (size_t i = 0; i < last->count; i++)
		last->list[i] = (struct sf_one_watched){watched[i].socket, watched[i].events, watched[i].revents, 0};
}

/* What it says of this socket; NULL: it did not watch it. */
static inline struct sf_one_watched *sf_wait_of(struct sf_last_wait *last, uint32_t socket)
{
	for (size_t i = 0; socket && i < last->count; i++)
		if (last->list[i].socket == socket)
			return &last->list[i];
	return NULL;
}

/* Does more than this one socket, or a time limit, depend on the thread's coming back to its wait? */
static inline bool sf_wait_matters(const struct sf_last_wait *last)
{
	return last->count > 1 || !last->is_whole || last->wait.event.offset != UINT64_MAX;
}

static inline bool sf_is_kind(const struct sf_moment *now, enum sf_fault_kind kind)
{
	return now->event.fault == 1 + kind || now->event.shaped_fault == 1 + kind;
}

/* A rule kept the peer silent in this very call. */
static inline bool sf_is_held(const struct sf_moment *now)
{
	return sf_is_kind(now, SF_FAULT_stall) || sf_is_kind(now, SF_FAULT_latency) || sf_is_kind(now, SF_FAULT_rate);
}

/* How long a call on a blocking socket without a time limit waited, without what `delay` took; 0: that is not known, or
 * it could not wait for ever. */
static inline uint64_t sf_waited_ns(const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	uint64_t end_ns = now->end_ns ? now->end_ns : scene->run->end_ns;

	if (now->event.mode != SF_BLOCKING || sf_is_kind(now, SF_FAULT_delay) || end_ns < now->time_ns)
		return 0;
	return end_ns - now->time_ns;
}

#endif
