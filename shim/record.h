/* SPDX-License-Identifier: MIT
 *
 * record.h -- what the trace says of a call, besides what each event has (evlog.h).
 */
#ifndef SF_RECORD_H
#define SF_RECORD_H

#include "core/decide.h"
#include "self.h"

/* How many calls of this operation the connection, or without one the thread, has had. NULL: nobody counts. */
_Atomic uint32_t *sf_record_ordinal(const struct sf_call *c);

/* The event of a call, with what only the program's memory shows; the rest is in the records that the event names. Sets
 * c->event. */
void sf_record_call(struct sf_call *c, struct sf_self *self);

/* Whom a datagram goes to, and where it came from. Each does nothing where the call is not recorded. */
void sf_record_destination(const struct sf_call *c);
void sf_record_address(const struct sf_call *c, const struct sf_endpoint *address);

/* Which rules fired, and what they did. A call that was not recorded is from now on, unless traces are off. */
void sf_record_decision(
    struct sf_call *c, const struct sf_ruleset *set, const struct sf_decision *decision, struct sf_self *self);

/* The call is over, and the kernel has looked at its bytes: the event is complete. */
void sf_record_result(struct sf_call *c);

/* For calls that no rule meets: recorded where all calls are. c->event is NULL where they are not. */
void sf_record_begin(struct sf_call *c);
/* After the real call; its result. errno stays. */
int64_t sf_record_end(struct sf_call *c, int64_t ret);

#endif
