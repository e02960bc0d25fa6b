/* SPDX-License-Identifier: MIT
 *
 * story.h -- what is known of sockets, descriptors, processes and the run at each moment of a trace: the scene of the
 * findings (core/finding.h). Built from the events alone, in order; memory is in proportion to sockets and processes.
 *
 * Events can't say all: a descriptor that came or went unseen is put right by the next event on its number, which knows
 * its socket. Whatever a hostile trace says, indices are the reader's own or none.
 */
#ifndef SF_CLI_STORY_H
#define SF_CLI_STORY_H

#include "cli/reader.h"
#include "core/finding.h"

struct sf_descriptor {
	int fd;
	uint32_t socket;
};

/* A process, and the sockets that its numbers name, in the order of the numbers. */
struct sf_told_process {
	struct sf_process_story story;
	struct sf_descriptor *descriptors;
	uint32_t count, room;
	uint64_t last_stamp; /* of its last event */
	bool is_loaded;      /* an image of it was seen */
	bool has_exited;     /* by its own word; what libc does at exit may follow */
	bool is_told;        /* its end was */
	                     /* the findings' memory follows */
};

struct sf_told_socket {
	struct sf_socket_story story;
	bool is_known; /* an event was about it */
	bool is_told;  /* its end was */
	               /* the findings' memory follows */
};

struct sf_story {
	struct sf_reader *reader;
	struct sf_run_story run;
	size_t socket_extra, process_extra, thread_extra; /* bytes that the findings want of each */
	struct sf_told_socket **sockets;
	struct sf_told_process **processes;
	void **threads; /* the findings' memory */
	uint32_t socket_count, process_count, thread_count;
	uint32_t *gone; /* sockets whose last descriptor went with this event */
	size_t gone_count, gone_room;
};

void sf_story_begin(struct sf_story *story, struct sf_reader *reader);
void sf_story_end(struct sf_story *story);

/* A reader's event as a moment. */
struct sf_moment sf_story_moment(const struct sf_story *story, const struct sf_seen *seen);

/* The stories take the event in, with what belongs to it and the sockets that came by it. scene->socket and
 * scene->process are set. */
void sf_story_take(struct sf_story *story, struct sf_scene *scene, const struct sf_given *given, size_t count);

/* Once all have seen it: it becomes what was before. */
void sf_story_pass(struct sf_story *story, const struct sf_scene *scene);

/* The process has ended: how, by what is known. Its descriptors are still counted. */
void sf_story_ends(struct sf_story *story, struct sf_told_process *process);

/* Its descriptors are gone; sockets that nobody has any more are in story->gone. */
void sf_story_release(struct sf_story *story, struct sf_told_process *process);

/* By index, made where they are met first; NULL: the trace has none such. */
struct sf_told_socket *sf_story_socket(struct sf_story *story, uint32_t index);
struct sf_told_process *sf_story_process(struct sf_story *story, uint32_t index);

/* The findings' memory of a thread; NULL: they want none, or there is no such thread. */
void *sf_story_thread(struct sf_story *story, uint32_t index);

/* Which socket a number names; 0: none. */
uint32_t sf_story_descriptor(const struct sf_told_process *process, int fd);

#endif
