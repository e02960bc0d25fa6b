/* SPDX-License-Identifier: MIT
 *
 * fault/signal.c -- a signal is really delivered first.
 */
#include "core/call.h"
#include "core/fault.h"

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->signal = (uint8_t)a->low;
	c->value = a->low;
}

const struct sf_fault sf_fault_signal = {
    .usage = "signal SIG",
    .help = "the signal is really delivered to the thread first",
    .operations = SF_ANY_OPERATION,
    .units = SF_BIT(SF_UNIT_SIGNAL),
    .always = true,
    .says = "gets the signal @ first",
    .explain =
        "The signal is sent to the calling thread and delivered before the call is made: a handler runs, a "
        "default action is taken. With 'fail EINTR' after it in the same rule this is an honest EINTR: it applies "
        "where this signal has a handler, is not blocked, and would end the wait.\n\n"
        "Always real: signals come at any time. SIGKILL and SIGSTOP can be sent too, and do what they do.\n\n"
        "A right program does in its handler only what signal-safety(7) allows, keeps errno, and calls again "
        "after EINTR (but never close, and connect only as connect(2) says). See signal(7).",
    .before = before,
};
