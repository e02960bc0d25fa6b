/* SPDX-License-Identifier: MIT
 *
 * fault/drop.c -- a datagram is lost.
 */
#include "core/call.h"
#include "core/fault.h"
#include "core/payload.h"

/* Before a datagram is looked at (MSG_PEEK) it may be lost, not afterwards. */
static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	(void)a;
	return sf_payload_is_datagram(c) && !(c->operation == SF_RECV && sf_payload_remembers(c, SF_DATAGRAM_PEEKED))
	           ? SF_KERNEL
	           : SF_REALISM_NONE;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->wishes |= SF_WISH_DROP;
	(void)a;
}

const struct sf_fault sf_fault_drop = {
    .usage = "drop",
    .help = "the datagram is lost; its sender is told that it was sent",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_NONE),
    .types = SF_BIT(SF_DGRAM),
    .families = SF_BIT(SF_INET) | SF_BIT(SF_INET6),
    .always = true,
    .says = "loses its datagram",
    .explain =
        "The datagram is lost: a send succeeds and nothing arrives; a datagram that has come is thrown away and "
        "recv waits for the next one.\n\n"
        "Always real for UDP: a full receive buffer, a full queue in a router, a wrong checksum. TCP repeats what "
        "the network loses, so there it is never seen.\n\n"
        "A right program asks again after a time, a limited number of times, and waits longer each time. See "
        "udp(7).",
    .possible = possible,
    .before = before,
};
