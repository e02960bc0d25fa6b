/* SPDX-License-Identifier: MIT
 *
 * connect.h -- connects that fail, are interrupted, or get no answer: at once, or after the time that the rule gives.
 */
#ifndef SF_CONNECT_H
#define SF_CONNECT_H

#include "core/call.h"

/* `delay` or `latency` before the failure of a connect is how long the attempt takes: it is not slept apart from it. */
bool sf_connect_takes_time(const struct sf_call *c);

/* As sf_effect_before: c->err says with which error. */
bool sf_connect_fail(struct sf_call *c);

/* Nobody answers for c->hold_ns. */
bool sf_connect_hold(struct sf_call *c);

#endif
