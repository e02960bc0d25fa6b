/* SPDX-License-Identifier: MIT
 *
 * stash.c -- see stash.h.
 */
#include "stash.h"

#include "self.h"

static struct sf_stash *stash_at(_Atomic uint64_t *at)
{
	uint64_t offset = atomic_load_explicit(at, memory_order_acquire);

	return offset ? sf_arena_at(sf_arena, offset) : NULL;
}

static bool change(struct sf_stash *stash, uint32_t from)
{
	return atomic_compare_exchange_strong_explicit(
	    &stash->state, &from, SF_STASH_TAKEN, memory_order_acquire, memory_order_relaxed);
}

/* Twice as large as the last one at least, so that what is left behind is never more than what is in use. */
static struct sf_stash *make(_Atomic uint64_t *at, uint64_t before, size_t room)
{
	size_t size = 512;

	while (size < sizeof(struct sf_stash) + room)
		size *= 2;
	uint64_t offset = sf_arena_heap(sf_arena, size);

	if (!offset)
		return NULL;
	struct sf_stash *stash = sf_arena_at(sf_arena, offset);

	stash->room = (uint32_t)(size - sizeof *stash);
	atomic_store_explicit(&stash->state, SF_STASH_TAKEN, memory_order_relaxed);
	return atomic_compare_exchange_strong_explicit(at, &before, offset, memory_order_release, memory_order_relaxed)
	           ? stash
	           : NULL;
}

struct sf_stash *sf_stash_claim(_Atomic uint64_t *at, size_t room)
{
	uint64_t before = atomic_load_explicit(at, memory_order_acquire);
	struct sf_stash *stash = before ? sf_arena_at(sf_arena, before) : NULL;

	if (stash && !change(stash, SF_STASH_EMPTY))
		return NULL;
	if (stash && stash->room >= room)
		return stash;
	struct sf_stash *larger = make(at, before, room);

	if (!larger && stash)
		sf_stash_put(stash, SF_STASH_EMPTY);
	return larger;
}

struct sf_stash *sf_stash_take(_Atomic uint64_t *at)
{
	struct sf_stash *stash = stash_at(at);

	return stash && change(stash, SF_STASH_FULL) ? stash : NULL;
}
