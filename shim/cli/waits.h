/* SPDX-License-Identifier: MIT
 *
 * waits.h -- what the program waits for: poll, select and epoll_wait in one shape, which is core/finding.h's struct
 * sf_watched. What epoll instances watch is known from the registrations of the trace. Part of the engine.
 */
#ifndef SF_CLI_WAITS_H
#define SF_CLI_WAITS_H

#include "cli/story.h"

#define SF_WATCHED_MAX 128

struct sf_instance;

struct sf_waits {
	struct sf_instance *instances;
	size_t count, room;
	/* the answer for the event `seq` */
	uint64_t seq;
	struct sf_watched watched[SF_WATCHED_MAX];
	size_t watched_count;
	bool is_whole, has_rests;
};

/* Takes an epoll_create or epoll_ctl in, after the story has. */
void sf_waits_take(struct sf_waits *waits, struct sf_story *story, const struct sf_scene *scene);

/* Sets `watched` for the wait of this scene. */
void sf_waits_answer(struct sf_waits *waits, struct sf_story *story, const struct sf_scene *scene);

void sf_waits_end(struct sf_waits *waits);

#endif
