/* SPDX-License-Identifier: MIT
 *
 * overtaken.h -- received datagrams that others overtake: the queue gives them out in another order. A part of
 * datagram; what is read of them later is sf_datagram_read_stash().
 */
#ifndef SF_OVERTAKEN_H
#define SF_OVERTAKEN_H

#include "core/call.h"

/* The first datagram, of this length, goes behind the next: it is put aside, the next is read now. Where none comes
 * there is nothing to overtake: it is read now, and the rule did not apply. True: the call is decided. */
bool sf_overtaken_put_behind(struct sf_call *c, size_t length);

#endif
