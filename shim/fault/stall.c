/* SPDX-License-Identifier: MIT
 *
 * fault/stall.c -- the peer is silent, for a time or for good.
 * Decided at the first call or poll after the previous counted call, so that readiness and call agree.
 */
#include "core/call.h"
#include "core/fault.h"

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->wishes |= SF_WISH_HOLD;
	c->hold_ns = a->unit == SF_UNIT_NONE ? UINT64_MAX : sf_pick(c, a);
	c->value = a->unit == SF_UNIT_NONE ? 0 : c->hold_ns;
}

const struct sf_fault sf_fault_stall = {
    .usage = "stall [D]",
    .help = "the peer is silent for D, or for good: calls block, readiness is withheld",
    .operations = SF_BIT(SF_CONNECT) | SF_BIT(SF_ACCEPT) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_NONE) | SF_BIT(SF_UNIT_DURATION),
    .waits = true,
    .always = true,
    .says = "meets a peer that is silent for @",
    .says_bare = "meets a peer that is silent for good",
    .explain =
        "Nothing comes from the peer for this time, or, without one, for good: blocking calls block, non-blocking "
        "ones say EAGAIN, poll and epoll do not report the socket. On connect the peer never answers; on send it "
        "takes nothing more.\n\n"
        "Always real: a peer that is overloaded, or stopped, or behind a network that lost its way, is silent "
        "like this, for minutes.\n\n"
        "A right program has a limit of its own: SO_RCVTIMEO, a timeout of poll, a deadline of the whole request; "
        "and one silent client never keeps a server from the others. See socket(7), poll(2).",
    .possible = sf_possible_by_peer,
    .before = before,
};
