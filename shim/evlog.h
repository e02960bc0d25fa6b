/* SPDX-License-Identifier: MIT
 *
 * evlog.h -- one record a call, written into pages that belong to this thread alone. Never waits, never allocates:
 * without a free page the event is counted in the arena's events_lost. Written on entry and completed on return, so
 * that a killed or hung process leaves a record of where it was (tests/e2e: sigkill).
 */
#ifndef SF_EVLOG_H
#define SF_EVLOG_H

#include "core/arena.h"
#include "core/call.h"
#include "self.h"
#include "sys.h"

/* A claimed slot, zero but for the stamp; NULL: none free. Not yet visible to readers. */
struct sf_event *sf_event_claim(struct sf_self *self);

/* No event ever lies at the beginning of a page: a slot there is past the end of the page before it. Told by the
 * address alone, because a handler may have gone on to another page between any two instructions of the code that it
 * interrupted. */
static inline bool sf_event_is_past_end(const struct sf_event *slot)
{
	return ((uintptr_t)slot - (uintptr_t)sf_arena) % SF_PAGE_SIZE == 0;
}

/* The same where it takes no more than a few instructions: *event. False: ask sf_event_claim. */
static inline bool sf_event_next(struct sf_self *self, struct sf_event **event)
{
	*event = self->next;
	if (__builtin_expect(sf_event_is_past_end(*event), 0))
		return false;
	self->next = *event + 1;
	atomic_signal_fence(memory_order_seq_cst);
	/* A handler that ran between the load and the store above has used this slot, and more. (Its state, read as a plain
	 * word: by one instruction, and nobody else writes there.) */
	return __builtin_expect(*(const uint16_t *)(const void *)*event == SF_EVENT_UNUSED, 1);
}

/* The event of a call that was entered: visible and pending from here. Sets c->event. */
void sf_event_begin(struct sf_call *c, struct sf_self *self);

/* What became of it; the event is complete afterwards. */
void sf_event_end(struct sf_call *c);

/* A lifecycle event, done at once. The event, for extensions, or NULL. */
struct sf_event *sf_event_note(enum sf_lifecycle what, int64_t ret, uint64_t asked);

/* Adds an extension record (at most SF_EXTENSION_PART bytes of content; longer content is written in parts). */
void sf_event_extend(struct sf_event *event, enum sf_extension_kind kind, const void *content, size_t length);

/* One part alone, which the owning thread may still correct until the event is complete. NULL: no room. */
#define SF_EXTENSION_PART sizeof(((struct sf_extension *)0)->data)
struct sf_extension *sf_event_extend_part(
    struct sf_event *event, enum sf_extension_kind kind, unsigned part, const void *content, size_t length);

/* Ticks now, in the arena's unit of stamps. */
uint64_t sf_event_stamp(void);

/* The frames above us as an extension of the event, and its `stack` hash. Only after sf_stack_prime() in start-up. */
void sf_stack_take(struct sf_event *event, const void *site);
void sf_stack_prime(void);

/* The site record of a return address, 0: unknown. A table look-up where it was seen before. */
uint32_t sf_site_of(const void *address);

/* What sf_site_of has found: a cache of this process, by the low bits of the address. A word has the other bits of it
 * and, in the low half, the index of the site. */
#define SF_SITES_SEEN 4096
#define SF_SITE_BITS 28
extern _Atomic uint64_t sf_sites_seen[SF_SITES_SEEN] __attribute__((visibility("hidden")));

/* False: not seen yet. Index 0 is of addresses at which no code can be. */
static inline bool sf_site_seen(const void *place, uint32_t *index)
{
	uintptr_t address = (uintptr_t)place;
	uint64_t seen = atomic_load_explicit(&sf_sites_seen[address % SF_SITES_SEEN], memory_order_relaxed);

	/* (seen >> 28 == address >> 12, in fewer instructions: addresses have 48 bits, unless a program asks for more.) */
	*index = (uint32_t)seen & ((1u << SF_SITE_BITS) - 1);
	return (seen ^ address << (64 - 48)) >> SF_SITE_BITS == 0;
}

void sf_site_start(const char *executable);

#endif
