/* SPDX-License-Identifier: MIT
 *
 * rest.h -- what short and refused sends leave, and with what the sends after them go on: SF_EXTENSION_REST and
 * SF_EXTENSION_BEGIN (core/arena.h says what stands there, and until when). Looks at no byte that the kernel might
 * refuse to read, and asks nothing unless a fault is being applied (law 0).
 */
#ifndef SF_REST_H
#define SF_REST_H

#include "core/call.h"
#include "self.h"

/* After a send that has an event: its result stands, the event is still open. */
void sf_rest_note(struct sf_call *c);

/* Are sends of this socket compared with what a send before them has left? */
static inline bool sf_rest_is_outstanding(const struct sf_socket *socket)
{
	uint64_t at = atomic_load_explicit(&socket->outstanding_at, memory_order_acquire);
	const struct sf_outstanding *outstanding = sf_arena_piece(sf_arena, at);

	return outstanding && (outstanding->sends != 0 || outstanding->left != 0);
}

/* Where the first byte of a transfer lies, for its event: what leads there was read by the kernel too. */
const void *sf_rest_beginning(const struct sf_call *c);

#endif
