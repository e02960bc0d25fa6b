/* SPDX-License-Identifier: MIT
 *
 * intact.c -- compares the arena with what only the command writes: the head of its header, its tables, its rules.
 */
#include "cli/intact.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define load(place) atomic_load_explicit(&(place), memory_order_acquire)

/* "written once, by the creator": all before the watches. */
#define HEAD offsetof(struct sf_arena, watch)

static struct {
	char head[HEAD];
	uint64_t ruleset_at;
	uint32_t generation;
} before;

void sf_intact_remember(const struct sf_arena_file *file)
{
	memcpy(before.head, file->arena, HEAD);
	before.ruleset_at = load(file->arena->ruleset_at);
	before.generation = load(file->arena->generation);
}

const char *sf_intact_cut(const struct sf_arena_file *file)
{
	struct stat st;

	if (fstat(file->fd, &st) != 0 || st.st_size < (off_t)sizeof *file->arena)
		return "its file was cut off";
	if ((uint64_t)st.st_size < load(file->arena->pages_ready) * SF_PAGE_SIZE)
		return "its file was cut off, or its header says that there is more than there is";
	return NULL;
}

/* Others than at the start are those of `sockfault ctl load`. */
static const char *refuse_rules(const struct sf_arena_file *file, const struct sf_ruleset *set)
{
	const struct sf_arena *arena = file->arena;
	uint64_t end = load(arena->pages_ready) * SF_PAGE_SIZE, size = sf_ruleset_size(set);
	uint64_t rules = load(arena->ruleset_at), counters = load(arena->counters_at);

	if (rules >= end || counters >= end || set->count * sizeof(struct sf_counter) > end - counters)
		return "its rules are not where they were";
	if (load(arena->generation) != before.generation)
		return NULL;
	if (rules != before.ruleset_at || size > end - rules || !sf_arena_holds(arena, set))
		return "its rules are not those of the run";
	return NULL;
}

const char *sf_intact_refuse(const struct sf_arena_file *file, const struct sf_ruleset *set)
{
	const struct sf_arena *arena = file->arena;
	const char *why = sf_intact_cut(file);

	if (!why && memcmp(before.head, arena, HEAD) != 0)
		why = "its header was written over";
	if (!why && load(arena->pages_ready) > file->mapped / SF_PAGE_SIZE)
		why = "its header says that there is more than there is";
	if (!why)
		why = sf_arena_refuse(arena, sizeof *arena);
	return why ? why : refuse_rules(file, set);
}
