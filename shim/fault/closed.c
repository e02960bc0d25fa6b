/* SPDX-License-Identifier: MIT
 *
 * fault/closed.c -- the peer has closed the connection.
 */
#include "core/call.h"
#include "core/fault.h"

static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	(void)a;
	return c->type == SF_STREAM && (c->side == SF_CLIENT || c->side == SF_SERVER) ? SF_KERNEL : SF_REALISM_NONE;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	(void)a;
	c->wishes |= SF_WISH_PEER_CLOSED;
}

const struct sf_fault sf_fault_closed = {
    .usage = "closed",
    .help = "the peer has closed: recv 0, the next send succeeds, later ones EPIPE",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_NONE),
    .types = SF_BIT(SF_STREAM),
    .always = true,
    .says = "finds the connection closed by the peer",
    .explain =
        "The peer has closed its socket. recv says 0; the first send still succeeds, for the kernel does not know "
        "yet; the peer's kernel answers it with RST, and later sends say EPIPE, with SIGPIPE unless MSG_NOSIGNAL. "
        "On a Unix stream the first send already says EPIPE.\n\n"
        "Always real on a connected stream: an idle connection whose server has timed it out looks like this, and "
        "a send that succeeded proves nothing.\n\n"
        "A right program ignores SIGPIPE or sends with MSG_NOSIGNAL, and counts data as delivered only when the "
        "peer has answered. See send(2), tcp(7).",
    .possible = possible,
    .before = before,
};
