/* SPDX-License-Identifier: MIT
 *
 * fault/duplicate.c -- a datagram arrives twice.
 */
#include "core/call.h"
#include "core/fault.h"
#include "core/payload.h"

/* The copy of a datagram is not doubled again: the program would never get another one. */
static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	(void)a;
	if (!sf_payload_is_datagram(c))
		return SF_REALISM_NONE;
	if (c->operation == SF_RECV && (c->flags & MSG_PEEK || sf_payload_remembers(c, SF_DATAGRAM_DOUBLED)))
		return SF_REALISM_NONE;
	return SF_KERNEL;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->wishes |= SF_WISH_DUPLICATE;
	(void)a;
}

const struct sf_fault sf_fault_duplicate = {
    .usage = "duplicate",
    .help = "the datagram arrives twice",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_NONE),
    .types = SF_BIT(SF_DGRAM),
    .families = SF_BIT(SF_INET) | SF_BIT(SF_INET6),
    .alters = true,
    .always = true,
    .says = "has its datagram arrive twice",
    .explain =
        "The datagram arrives twice: the same bytes from the same sender, one after the other.\n\n"
        "Always real for UDP: routes that change, link layers that repeat a frame whose acknowledgement was lost.\n\n"
        "A right program numbers its requests and ignores the second answer; a server does not carry out a "
        "request twice. See udp(7).",
    .possible = possible,
    .before = before,
};
