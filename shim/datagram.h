/* SPDX-License-Identifier: MIT
 *
 * datagram.h -- what networks do to datagrams: lose, double, reorder, cut and spoil them. Nothing here ever splits one.
 */
#ifndef SF_DATAGRAM_H
#define SF_DATAGRAM_H

#include "core/call.h"

/* As sf_effect_before and sf_effect_after, for calls with SF_DATAGRAM_WISHES. */
bool sf_datagram_before(struct sf_call *c);
void sf_datagram_after(struct sf_call *c);

/* Another datagram has gone out, or the socket is about to be closed (`last`): one that was held back may go now. */
void sf_datagram_overtaken(int fd, struct sf_socket *socket, bool last);

/* A received datagram that was overtaken answers this call. True: the call is decided. */
bool sf_datagram_read_stash(struct sf_call *c);

/* Such a datagram lies ready: the socket is readable, whatever the kernel says. */
static inline bool sf_datagram_waits(const struct sf_socket *socket)
{
	return atomic_load_explicit(&socket->stash_at, memory_order_relaxed) != 0;
}

#endif
