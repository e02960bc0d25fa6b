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

/* As many other datagrams have gone out (SF_DATAGRAM_LAST: the socket is about to be closed): one that was held back
 * may go now. */
#define SF_DATAGRAM_LAST INT32_MAX
void sf_datagram_overtaken(int fd, struct sf_socket *socket, int32_t by);

/* These numbers are about to be closed, or the process to end: what it holds back on them arrives late, but arrives. */
void sf_datagram_leave(unsigned first, unsigned last);

/* A received datagram was overtaken, and waits: it, or what overtakes it next, answers this call. The kernel's queue
 * begins meanwhile with the one that the program got last: so poll, select and epoll say by themselves that there is
 * something to read. True: the call is decided. */
bool sf_datagram_read_stash(struct sf_call *c);

/* The (first) message is done, true: and with it the call. The rest of several is the kernel's, by the program's own
 * call, if it is to `go_on`. */
bool sf_datagram_done(struct sf_call *c, size_t length, bool go_on);

/* Something is put aside from now on: the calls that may meet it are watched. */
void sf_datagram_watch(bool out);

/* A call on a datagram socket is over: remembers what the next one must know. */
void sf_datagram_conclude(const struct sf_call *c);

#endif
