/* SPDX-License-Identifier: MIT
 *
 * fault/latency.c -- it arrives later; no thread sleeps.
 * Decided at the first call or poll after the previous counted call, so that readiness and call agree.
 */
#include "core/call.h"
#include "core/fault.h"

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->latency_ns += sf_pick(c, a);
}

const struct sf_fault sf_fault_latency = {
    .usage = "latency D[..E]",
    .help = "it arrives that much later; no thread sleeps, event loops keep running",
    .operations = SF_BIT(SF_CONNECT) | SF_BIT(SF_ACCEPT) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_DURATION),
    .ranged = true,
    .shapes = true,
    .waits = true,
    .says = "finds that everything arrives @ later",
    .explain =
        "What would arrive now arrives this much later, as over a long line: until then the socket is not ready, "
        "blocking calls wait, non-blocking ones say EAGAIN (EINPROGRESS for connect). No thread sleeps: an event "
        "loop goes on serving others. With D..E each arrival draws its own time from the seed.\n\n"
        "Always real. The search for a deciding rule goes on after it.\n\n"
        "A right program does not notice, or its own timeout ends the wait in good order. See netem's 'delay' in "
        "tc-netem(8).",
    .possible = sf_possible_by_peer,
    .before = before,
};
