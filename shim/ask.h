/* SPDX-License-Identifier: MIT
 *
 * ask.h -- the rules are asked. Whether one fires is decided in core/decide.c, what it does to the call is said in
 * fault/<kind>.c; here is who asks, when, and what is taken back where nothing came of it.
 */
#ifndef SF_ASK_H
#define SF_ASK_H

#include "core/call.h"
#include "self.h"

/* Which operations do the rules meet on this socket? Into its descriptor's entry, where that is older than the rules.
 */
void sf_ask_settle(int fd, uint64_t entry, struct sf_socket *socket);

/* What the rules say of this descriptor is settled anew at its next call. */
void sf_ask_anew(int fd);

/* True: something fired, and the call has its wishes; or it finds nothing. */
bool sf_ask(struct sf_call *c, struct sf_self *self);

/* For how long will the next such call be kept silent? As sf_decide_ahead. */
uint64_t sf_ask_ahead(struct sf_call *c, struct sf_self *self);

/* The call was none: what was counted is taken back. */
void sf_ask_undo(struct sf_call *c);

/* The kernel would not have the fault. */
void sf_ask_refuse(struct sf_call *c, struct sf_self *self);

/* A request that was only made shorter, where the kernel moved less than even that: it would have done the same without
 * the rule. */
void sf_ask_give_back(struct sf_call *c);

/* For how many calls like this one will no rule do anything? They take the short way (core/respite.h). */
void sf_ask_for_respite(const struct sf_call *c);

#endif
