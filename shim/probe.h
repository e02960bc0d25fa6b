/* SPDX-License-Identifier: MIT
 *
 * probe.h -- questions to the kernel about a call that a fault is about to be applied to, and only then (law 0). All
 * are single raw system calls or a few; errno is left alone. None is asked in a process that has sandboxed itself.
 */
#ifndef SF_PROBE_H
#define SF_PROBE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/call.h"

#define SF_SIGNALS 64 /* of the kernel */

/* Would the call find something now: data or end to receive, a connection to accept, room to send? */
bool sf_probe_ready(const struct sf_call *c);

/* Does poll tell of the first byte that comes (SO_RCVLOWAT)? */
bool sf_probe_tells_each_byte(int fd);

/* Have both directions ended, so that poll says POLLHUP? by_peer: or that of the peer, so that it says POLLRDHUP? */
bool sf_probe_ended(int fd, bool by_peer);

/* Is fd still the socket of this record? A number may have been closed where we did not see it. */
bool sf_probe_same(int fd, struct sf_socket *socket);

/* The lowest number that is free in this process: what accept would give out. -1: there is none. fd is a listener: a
 * copy of it is made for a moment. */
int sf_probe_free_number(int fd);

/* The signals that this thread blocks; bit 0 is signal 1. */
uint64_t sf_probe_blocked(void);

/* Some signal that is not blocked has a handler; `interrupting`: one without SA_RESTART. */
bool sf_probe_handler(bool interrupting, uint64_t blocked);

/* This signal has a handler of the program's own; `interrupting`: one without SA_RESTART. */
bool sf_probe_handles(int signal, bool interrupting);

/* Fills in what this process has done about signal->signal. False: the kernel does not say. */
bool sf_probe_disposition(struct sf_disposition *signal);

/* All signals that have a handler of the program's own; how many. */
size_t sf_probe_handlers(struct sf_disposition signals[SF_SIGNALS]);

/* Can a connection still be reset by its peer: established, or half closed by us, not ended by the peer. */
bool sf_probe_resettable(int fd, enum sf_family family);

/* Has the peer of a TCP connection ended its direction, and we not ours (CLOSE_WAIT)? */
bool sf_probe_heard_end(int fd);

/* Has this stream (or seqpacket) socket a peer, or is it on its way to one? If not, the kernel says ENOTCONN, or EPIPE,
 * before anything else can go wrong with a transfer. */
bool sf_probe_has_peer(int fd, bool is_tcp);

/* Is a UDP socket told that nobody listens where its datagrams went? Only with a peer, or where it asks (IP_RECVERR).
 */
bool sf_probe_hears_refusals(int fd, enum sf_family family);

/* May datagrams of this socket not be split on their way (IP_MTU_DISCOVER)? Then some are too large. */
bool sf_probe_sends_whole(int fd, enum sf_family family);

/* SO_RCVTIMEO or SO_SNDTIMEO in ns, 0: none. */
uint64_t sf_probe_timeout(int fd, bool sending);

/* May memory that the program gave be read? Where it may not, the kernel is to say EFAULT, not we to crash. */
bool sf_probe_readable(const void *at, size_t length);

/* Takes the pending error (SO_ERROR). */
int sf_probe_take_error(int fd);

/* Is another thread of this process waiting in a call that receives from this socket? */
bool sf_probe_reader(uint32_t socket);

/* Is an error pending that nobody has taken yet? Leaves it there. */
bool sf_probe_error(int fd);

/* Fills family, type, side, nonblocking, timeouts, local and peer of a socket that was not seen being made. False: fd
 * is no socket. */
bool sf_probe_describe(int fd, struct sf_socket *socket);

#endif
