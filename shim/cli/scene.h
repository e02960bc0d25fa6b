/* SPDX-License-Identifier: MIT
 *
 * scene.h -- between engine.c, which shows a run to the findings, and scene.c, which answers what they ask and keeps
 * what they say. Nobody else includes it; findings see struct sf_scene alone.
 */
#ifndef SF_CLI_SCENE_H
#define SF_CLI_SCENE_H

#include "cli/engine.h"
#include "cli/story.h"
#include "cli/waits.h"

/* Where the memory of each finding begins, in what is kept of a socket, a process, a thread, the run. */
struct sf_layout {
	size_t socket[SF_FINDING_COUNT + 1], process[SF_FINDING_COUNT + 1], thread[SF_FINDING_COUNT + 1],
	    run[SF_FINDING_COUNT + 1];
};

/* Processes that said how they end, by the stamp of their last event: what libc does at exit comes before. */
struct sf_leaver {
	uint64_t stamp;
	uint32_t process;
};

struct sf_known_site;

struct sf_engine {
	struct sf_scene scene; /* first: what findings have is the engine */
	struct sf_story story;
	struct sf_waits waits;
	struct sf_reader *reader;
	struct sf_layout layout;
	void *of_run;
	int finding; /* the one that sees now */
	uint8_t wanted[SF_OPERATION_COUNT + 1][SF_FINDING_COUNT + 1];
	unsigned wanted_count[SF_OPERATION_COUNT + 1];
	struct sf_leaver *leavers;
	size_t leaver_count, next_leaver;
	struct sf_judged judged;
	size_t room;
	struct sf_known_site *sites; /* of the baseline, in the order of their places */
	size_t site_count;
	bool is_baseline;                /* no finding sees it */
	struct sf_baseline_site *counts; /* this run is a baseline, which is counted by site; else NULL */
	uint32_t counts_room;
	/* what belongs to the event */
	struct sf_rest rest, begin;
	struct sf_given given[SF_EXTENSION_ROOM / sizeof(struct sf_given)];
	size_t given_count;
	struct sf_polled polled[SF_EXTENSION_ROOM / sizeof(struct sf_polled)];
	struct sf_epolled epolled[SF_EXTENSION_ROOM / sizeof(struct sf_epolled)];
	struct sf_disposition dispositions[SF_EXTENSION_ROOM / sizeof(struct sf_disposition)];
	struct sf_waited waited[SF_EXTENSION_ROOM / sizeof(struct sf_waited)];
	struct sf_endpoint address;
	char text[SF_EXTENSION_ROOM + 1];
};

/* Gives each finding its share of what is kept of a socket, a process, a thread and the run. Before the run is read. */
void sf_scene_lay_out(struct sf_engine *engine);

/* The findings' memory of a socket or a process; NULL of NULL. */
void *sf_behind_socket(struct sf_socket_story *story);
void *sf_behind_process(struct sf_process_story *story);

/* From now on this finding sees, asks and says; the memory of all findings of what the event is about, or NULL. */
void sf_scene_enter(struct sf_engine *engine, int finding, void *socket, void *process, void *thread);

/* While a fault-free run is read: the counts of the call's site; NULL: this run is none, or the site is not known. */
struct sf_baseline_site *sf_baseline_count(struct sf_engine *engine, const struct sf_moment *moment);
void sf_baseline_count_event(struct sf_engine *engine, const struct sf_moment *now);

/* What the fault-free run counted is known to `engine` from now on. */
void sf_baseline_keep(struct sf_engine *engine, struct sf_engine *baseline);

#endif
