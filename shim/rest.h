/* SPDX-License-Identifier: MIT
 *
 * rest.h -- what short and refused sends leave, and with what the sends after them go on: SF_EXTENSION_REST and
 * SF_EXTENSION_BEGIN (core/arena.h says what stands there, and until when). Looks at no byte that the kernel might
 * refuse to read, and asks nothing unless a fault is being applied (law 0).
 */
#ifndef SF_REST_H
#define SF_REST_H

#include "core/call.h"

/* After a send that has an event: its result stands, the event is still open. */
void sf_rest_note(struct sf_call *c);

/* Where the first byte of a transfer lies, for its event: what leads there was read by the kernel too. */
const void *sf_rest_beginning(const struct sf_call *c);

#endif
