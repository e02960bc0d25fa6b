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

/* The event of a call that was entered: visible and pending from here. Sets c->event. */
void sf_event_begin(struct sf_call *c, struct sf_self *self);

/* What became of it; the event is complete afterwards. */
void sf_event_end(struct sf_call *c);

/* A lifecycle event, done at once. The event, for extensions, or NULL. */
struct sf_event *sf_event_note(enum sf_lifecycle what, int64_t ret, uint64_t asked);

/* Adds an extension record (at most 112 bytes of content; longer content is written in parts). */
void sf_event_extend(struct sf_event *event, enum sf_extension_kind kind, const void *content, size_t length);

/* Ticks now, in the arena's unit of stamps. */
uint64_t sf_event_stamp(void);

/* The frames above us as an extension of the event, and its `stack` hash. Only after sf_stack_prime() in start-up. */
void sf_stack_take(struct sf_event *event, const void *site);
void sf_stack_prime(void);

/* The site record of a return address, 0: unknown. A table look-up where it was seen before. */
uint32_t sf_site_of(const void *address);
void sf_site_start(const char *executable);

#endif
