/* SPDX-License-Identifier: MIT
 *
 * effect.h -- carries a fault out: the wishes that fault/<kind>.c wrote into the call become system calls, sleeps and
 * results. The kernel's own machinery is preferred to emulation: a TCP reset is connect(AF_UNSPEC), a refused connect
 * is a connect to a port that refuses.
 */
#ifndef SF_EFFECT_H
#define SF_EFFECT_H

#include "core/call.h"
#include "core/rule.h"

/* Could the kernel do this to the call at this moment? As sf_asker.confirm. */
enum sf_realism sf_effect_confirm(struct sf_call *c, const struct sf_rule *rule, bool *ready);

/* True: the call is decided (c->ret, c->err). False: the real call is to be made. */
bool sf_effect_before(struct sf_call *c);

/* The real call has returned: what a fault makes of the result. */
void sf_effect_after(struct sf_call *c);

/* Waits as a call waits on which nothing happens: for ns (UINT64_MAX: for good), the socket's own timeout, or until a
 * signal that interrupts. True: the call is decided. */
bool sf_wait_in_silence(struct sf_call *c, uint64_t ns);

/* A call in a direction that is held back for another ns: a non-blocking one finds nothing, others wait it out. True:
 * the call is decided. */
bool sf_sit_out(struct sf_call *c, uint64_t ns);

/* What is queued in a stream is lost. */
void sf_swallow(int fd);

/* A socket with an after-state: what the kernel alone would not show. True: the call is decided. */
bool sf_mend_before(struct sf_call *c);
void sf_mend_after(struct sf_call *c);

#endif
