/* SPDX-License-Identifier: MIT
 *
 * look.h -- what a call is about: its socket, how it blocks, what it asks for.
 */
#ifndef SF_LOOK_H
#define SF_LOOK_H

#include "core/call.h"
#include "self.h"

/* The socket of the call's descriptor, with the rules that may meet it settled. c->socket stays NULL where there is
 * none. */
void sf_look(struct sf_call *c, const struct sf_self *self);

/* enum sf_mode: as the kernel will see it. */
uint8_t sf_look_mode(const struct sf_call *c, const struct sf_socket *socket);

/* May its arguments be read after the call? What a call is given is read before it where a rule or an after-state may
 * need that. Else the kernel looks first: it says EFAULT where we would crash. why: as sf_watch_of. */
bool sf_look_may_wait(const struct sf_call *c, uint64_t why);

/* What the call asks for and whom it is for: c->asked, c->len, c->address. */
void sf_look_arguments(struct sf_call *c);
/* The same after the real call, into its event. */
void sf_look_late(struct sf_call *c);
/* c->asked and c->len alone, of vectors and messages. */
void sf_look_measure(struct sf_call *c);

/* The number was closed where we did not see it, and is another socket's by now, of which nothing is known. */
void sf_look_disown(struct sf_call *c);

#endif
