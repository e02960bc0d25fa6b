/* SPDX-License-Identifier: MIT
 *
 * part.h -- the parts of a call that is split by a wait inside it. The first part is the program's own call, cut; the
 * others are made here, by sendmsg and recvmsg on what is left of the program's vector. Only while a fault is applied.
 */
#ifndef SF_PART_H
#define SF_PART_H

#include "core/call.h"

/* Are the call's bytes within reach, and nothing beside them that belongs to one part alone? */
bool sf_part_possible(const struct sf_call *c);

/* Moves c->len bytes of what is behind c->parted; c->ret says how many, as the kernel does. */
void sf_part_move(struct sf_call *c);

#endif
