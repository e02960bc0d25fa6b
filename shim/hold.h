/* SPDX-License-Identifier: MIT
 *
 * hold.h -- sockets that are held back (stall, latency, rate): silent in one direction until a time of the run. What is
 * kept silent in calls is in effect.c, in waits in readiness.c and registered.c. Memory of this process alone, beside
 * the socket's record; no lock, safe in threads and handlers.
 */
#ifndef SF_HOLD_H
#define SF_HOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"

/* Directions of a socket in which nothing may be seen to happen. */
enum { SF_SILENT_IN = 1, SF_SILENT_OUT = 2 };

/* A time until which a socket is silent carries this bit where a rule has decided about what came (latency, stall): the
 * call that finds it is not asked again. Without it (rate) it is. */
#define SF_HOLD_DECIDED UINT64_C(1)

/* The socket is silent until `until_ns` of the run (UINT64_MAX: for good), in one direction. */
void sf_hold(int fd, struct sf_socket *socket, bool sending, uint64_t until_ns);

/* The program has seen what is there (MSG_PEEK): no silence comes before it is read. */
void sf_hold_never(struct sf_socket *socket);

/* fd turned out to be a socket that is held back already, by another process or through another number. */
void sf_hold_here(int fd);

/* The number is about to be closed. */
void sf_hold_drop(int fd);

/* Is it silent now? How many ns are left is written to *left_ns. */
bool sf_is_held(const struct sf_socket *socket, bool sending, uint64_t *left_ns);

/* The directions in which fd is silent now: SF_SILENT_ bits. */
unsigned sf_silence(int fd);

/* How many sockets this process holds back. */
extern _Atomic int sf_held_count __attribute__((visibility("hidden")));

/* Gives back what is over, and says how long the next silence lasts (UINT64_MAX: there is none that ends). */
uint64_t sf_hold_release(uint64_t now_ns);

/* May some silence end that has begun? If not, no clock has to be asked. */
bool sf_hold_may_end(void);

#endif
