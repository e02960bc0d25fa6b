/* SPDX-License-Identifier: MIT
 *
 * arenafile.h -- the arena as a file: made by `run`, mapped by `ctl`. Its whole size is mapped once, and only pages
 * below pages_ready are ever touched: the file is shorter than its map until it has grown.
 */
#ifndef SF_CLI_ARENAFILE_H
#define SF_CLI_ARENAFILE_H

#include "core/arena.h"

struct sf_arena_file {
	struct sf_arena *arena;
	char *path; /* absolute */
	uint64_t mapped;
	int fd;
	bool is_named;   /* by the user: it does not lie among the runs */
	bool has_holes;  /* below pages_ready: the disk has plenty, and the run is young */
	bool is_passing; /* set before it is made: nobody keeps it, and nothing that is freed soon is worth allocating */
};

/* A new file of mode 0600 that may grow to size bytes, formatted, with `room` bytes ready beside what a run begins
 * with, under its final name: `path` (another file of that name is replaced, never written to), or with NULL one of
 * this user's runs. Locked while it is open. Ends the command where it can't be done. */
void sf_arena_file_create(struct sf_arena_file *file, const char *path, uint64_t size, uint64_t room);

/* It is this user's latest run from now on: see sf_path_latest(). */
void sf_arena_file_remember(const struct sf_arena_file *file);

/* An existing one, to be read and written. Ends the command, in words, if it is none. */
void sf_arena_file_open(struct sf_arena_file *file, const char *path);

/* This run lasts: what it has ready is allocated now. */
void sf_arena_file_settle(struct sf_arena_file *file);

/* At least `pages` pages are ready; false, with errno, if the disk or the limits of files and of the arena don't allow
 * it. */
bool sf_arena_file_grow(struct sf_arena_file *file, uint32_t pages);

/* Removes this user's runs but those that still go on and those that began after this one (NULL: but the latest). */
void sf_arena_file_remove_older(const struct sf_arena_file *file);

/* At the end of a run: the file takes no more room than what it holds needs. */
void sf_arena_file_finish(struct sf_arena_file *file);

#endif
