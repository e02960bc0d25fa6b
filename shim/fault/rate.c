/* SPDX-License-Identifier: MIT
 *
 * fault/rate.c -- bandwidth: so many bytes a second.
 */
#include "core/call.h"
#include "core/fault.h"
#include "core/payload.h"

static void before(struct sf_call *c, const struct sf_argument *a)
{
	uint64_t slice = a->low / 50; /* 20 ms worth */

	if (!c->rate || a->low < c->rate)
		c->rate = a->low;

	slice = sf_payload_at_least(c, slice ? slice : 1);
	if (c->type == SF_STREAM && !sf_call_takes_all(c) && c->len > slice)
		c->len = (size_t)slice;
}

const struct sf_fault sf_fault_rate = {
    .usage = "rate N/s",
    .help = "bandwidth: this many bytes a second pass on each connection",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_RATE),
    .shapes = true,
    .waits = true,
    .says = "is held to @",
    .explain =
        "So many bytes a second pass on each connection in this direction: recv finds less, send takes less, and "
        "readiness comes when there is room again. Written with B, KiB or MiB: rate 64KiB/s.\n\n"
        "Always real. The search for a deciding rule goes on after it.\n\n"
        "A right program works on, slowly: it holds no lock meanwhile, measures progress and not only the whole "
        "time, and does not pile up what it can't send. See tc(8), send(2).",
    .before = before,
};
