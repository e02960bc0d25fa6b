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

/* The same where it takes no more than a few instructions. NULL: ask sf_event_claim. */
static inline struct sf_event *sf_event_next(struct sf_self *self)
{
	struct sf_event *event = self->next;

	if (__builtin_expect(sf_event_is_past_end(event), 0))
		return NULL;
	self->next = event + 1;
	atomic_signal_fence(memory_order_seq_cst);
	/* A handler that ran between the load and the store above has used this slot, and more. */
	return atomic_load_explicit(&event->state, memory_order_relaxed) == SF_EVENT_UNUSED ? event : NULL;
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

/* What sf_site_of has found: a cache of this process, by address. */
#define SF_SITES_SEEN 1024
struct sf_site_seen {
	_Atomic uintptr_t address;
	_Atomic uint32_t site;
};
extern struct sf_site_seen sf_sites_seen[SF_SITES_SEEN] __attribute__((visibility("hidden")));

static inline unsigned sf_site_place(uintptr_t address)
{
	return (address ^ address >> 10) % SF_SITES_SEEN;
}

/* 0: not seen yet. */
static inline uint32_t sf_site_seen(const void *place)
{
	struct sf_site_seen *seen = &sf_sites_seen[sf_site_place((uintptr_t)place)];

	if (atomic_load_explicit(&seen->address, memory_order_acquire) != (uintptr_t)place)
		return 0;
	uint32_t site = atomic_load_explicit(&seen->site, memory_order_relaxed);

	/* Another thread may be giving the place to another address just now. */
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&seen->address, memory_order_relaxed) == (uintptr_t)place ? site : 0;
}
void sf_site_start(const char *executable);

#endif
