/* SPDX-License-Identifier: MIT
 *
 * growth.c -- how far ahead, and how often to look. One core writes at most some 700 MB of events a second: 16 MiB last
 * more than the longest pause, and with less room the pauses are shorter. A run that ends at once never gets more than
 * it started with, which keeps starts cheap.
 */
#include "cli/growth.h"

#include <errno.h>

#include "cli/clock.h"

#define RESERVE_PAGES 256      /* 16 MiB */
#define RESERVE_PAGES_MAX 8192 /* 512 MiB */
#define SHORT_LIFE_NS                                                                                                  \
	20000000                    /* what ends before, and uses little, does with the pages that the file was made with  \
	                             */
#define BUSY_PAGES 8            /* a look: no start of a program uses as many, so this is one that goes on */
#define WARM_PAGES_MAX 64       /* a look: some milliseconds */
#define EVENT_NS_PER_PAGE 47000 /* of two busy threads */
#define PAUSE_MIN_NS 1000000
#define PAUSE_MAX_NS 10000000

void sf_growth_begin(struct sf_growth *growth)
{
	*growth = (struct sf_growth){.reserve = RESERVE_PAGES, .pause_ns = PAUSE_MIN_NS};
}

/* Readers draw a line through the first pair and the last one: the longer the run, the seldomer a new one is needed. */
static void take_clocks(struct sf_growth *growth, struct sf_arena *arena)
{
	struct sf_clock_pair now = sf_clock_read(arena->stamps_are_ns);

	if (now.ns < growth->next_clock_ns)
		return;
	arena->clock_last = now;
	growth->next_clock_ns = now.ns + (now.ns - arena->clock_first.ns) / 8;
}

/* It may end at once, and does with what it has. */
static bool is_young(const struct sf_arena *arena, uint32_t used)
{
	uint32_t ready = atomic_load_explicit(&arena->pages_ready, memory_order_relaxed);

	return arena->clock_last.ns - arena->clock_first.ns < SHORT_LIFE_NS && ready - used > ready / 2;
}

/* By quarters of the reserve: a step for each page would be a system call for each page. */
static bool is_due(const struct sf_growth *growth, const struct sf_arena *arena, uint32_t used)
{
	uint32_t ready = atomic_load_explicit(&arena->pages_ready, memory_order_relaxed);

	return !growth->stopped && ready < used + growth->reserve - growth->reserve / 4;
}

/* As much of what is wanted as the disk has left. */
static void grow(struct sf_growth *growth, struct sf_arena_file *file, uint32_t wanted)
{
	uint32_t ready = atomic_load_explicit(&file->arena->pages_ready, memory_order_relaxed);
	uint32_t more = wanted > ready ? wanted - ready : 0;

	while (more && !sf_arena_file_grow(file, ready + more)) {
		growth->stopped = errno;
		more /= 2;
	}
	if (more)
		growth->stopped = 0;
}

/* A file's page costs whoever touches it first some microseconds, a quarter of one for each event in it, and a page
 * that is there already a fraction of that. So what the program will need until the next look, if it goes on as it did,
 * is brought in by us. */
static void warm(struct sf_growth *growth, struct sf_arena *arena, uint32_t used, uint32_t moved)
{
	uint32_t ready = atomic_load_explicit(&arena->pages_ready, memory_order_relaxed);
	uint32_t from = growth->warm > used ? growth->warm : used;
	uint32_t to = used + 2 * moved < ready ? used + 2 * moved : ready;

	if (to > from + WARM_PAGES_MAX)
		to = from + WARM_PAGES_MAX;
	/* Somebody may be writing there already. */
	for (uint64_t at = from * SF_PAGE_SIZE; at < to * SF_PAGE_SIZE; at += 4096)
		atomic_fetch_or_explicit((_Atomic uint32_t *)sf_arena_at(arena, at), 0, memory_order_relaxed);
	if (to > from)
		growth->warm = to;
}

/* As long as the room that is left lasts at least. */
static uint64_t pause_for(const struct sf_arena *arena, uint32_t used)
{
	uint64_t left = atomic_load_explicit(&arena->pages_ready, memory_order_relaxed) - used;
	uint64_t lasts_ns = left * EVENT_NS_PER_PAGE;

	return lasts_ns < PAUSE_MIN_NS ? PAUSE_MIN_NS : lasts_ns > PAUSE_MAX_NS ? PAUSE_MAX_NS : lasts_ns;
}

void sf_growth_step(struct sf_growth *growth, struct sf_arena_file *file)
{
	uint32_t used = atomic_load_explicit(&file->arena->pages_used, memory_order_relaxed);
	uint32_t moved = used - growth->used;

	take_clocks(growth, file->arena);
	growth->used = used;
	if (moved * 4 > growth->reserve)
		growth->reserve = moved * 4 < RESERVE_PAGES_MAX ? moved * 4 : RESERVE_PAGES_MAX;
	bool young = is_young(file->arena, used);

	if (!young || moved >= BUSY_PAGES)
		warm(growth, file->arena, used, moved);
	if (!young) {
		if (is_due(growth, file->arena, used))
			grow(growth, file, used + growth->reserve);
		sf_arena_file_settle(file);
	}
	growth->pause_ns = pause_for(file->arena, used);
}
