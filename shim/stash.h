/* SPDX-License-Identifier: MIT
 *
 * stash.h -- a datagram that is held back for others to overtake it. Lies in the arena, so that all processes that
 * share the socket see it; each socket has one for each direction, whose memory is used again. One thread or process
 * has a stash in its hands at a time; who comes meanwhile goes on without. No locks: nobody waits.
 */
#ifndef SF_STASH_H
#define SF_STASH_H

#include <sys/socket.h>

#include "core/arena.h"

enum sf_stash_state { SF_STASH_EMPTY, SF_STASH_TAKEN, SF_STASH_FULL };

struct sf_stash {
	_Atomic uint32_t state;
	_Atomic int32_t overtakers; /* still to come */
	uint32_t room, length;
	uint32_t whole; /* its length before it was cut */
	uint32_t name_length, other_length;
	uint32_t process; /* index: who holds it back */
	struct sockaddr_storage name;
	struct sockaddr_storage other; /* of incoming ones: who sent that which overtakes it */
	char bytes[];
};

/* An empty one with this much room, in our hands. NULL: it is full, somebody else has it, or there is no memory. */
struct sf_stash *sf_stash_claim(_Atomic uint64_t *at, size_t room);

/* The full one, in our hands. NULL: there is none. */
struct sf_stash *sf_stash_take(_Atomic uint64_t *at);

/* Out of our hands. */
static inline void sf_stash_put(struct sf_stash *stash, enum sf_stash_state state)
{
	atomic_store_explicit(&stash->state, state, memory_order_release);
}

#endif
