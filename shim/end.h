/* SPDX-License-Identifier: MIT
 *
 * end.h -- how connections end: by a reset, by an error, by the peer. The kernel's own machinery is used where there is
 * one; what it then does not show by itself is mended call by call (mend.c) and in waits (seen.c).
 */
#ifndef SF_END_H
#define SF_END_H

#include "core/call.h"

/* From now on calls on sockets with an after-state are looked at. */
void sf_end_watch(void);

/* The socket has an after-state. */
void sf_end_enter(struct sf_socket *socket, enum sf_socket_state state);

/* A RST has come. As sf_effect_before; c->refused if the kernel would not. */
bool sf_end_by_reset(struct sf_call *c);

/* The connection has ended with another error, of which the peer knows nothing where that can be done. */
bool sf_end_by_error(struct sf_call *c, int err);

/* The peer has ended its direction, or closed. */
bool sf_end_by_peer(struct sf_call *c, bool has_closed);

/* The peer has closed, and gets data: it answers with a RST. */
void sf_end_unheard(struct sf_call *c);

/* A connection is about to be reset, by two system calls: what waits see between them is half of it, and they look
 * again when it is over. */
void sf_ending_begins(void);
void sf_ending_is_over(void);

/* In the child of a fork: what another thread was about to end is ended in the parent alone. */
void sf_endings_forget(void);

/* How many have begun. */
uint32_t sf_endings(void);

/* Has one been ended since there were so many? Then it is done when this returns. */
bool sf_ending_seen_half(uint32_t before);

#endif
