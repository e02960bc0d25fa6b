/* SPDX-License-Identifier: MIT
 *
 * fault/delay.c -- the thread sleeps in this call.
 */
#include "core/call.h"
#include "core/fault.h"

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->delay_ns += sf_pick(c, a);
	c->value = c->delay_ns;
}

const struct sf_fault sf_fault_delay = {
    .usage = "delay D[..E]",
    .help = "the thread sleeps in this call: slow scheduling, not a slow network",
    .operations = SF_ANY_OPERATION,
    .units = SF_BIT(SF_UNIT_DURATION),
    .ranged = true,
    .shapes = true,
    .waits = true,
    .says = "sleeps @ first",
    .explain =
        "The thread sleeps inside the call before it is made, as when the scheduler or a page fault held it. With "
        "D..E each call draws its own time from the seed. Unlike 'latency' it holds up everything that this "
        "thread does. Before a 'fail' of connect it is how long the attempt takes: a non-blocking one is under way "
        "for so long, and sleeps nowhere.\n\n"
        "Always real. The search for a deciding rule goes on after it.\n\n"
        "A right program does not notice; one with a race between threads or processes may. See sched(7).",
    .before = before,
};
