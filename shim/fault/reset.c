/* SPDX-License-Identifier: MIT
 *
 * fault/reset.c -- the connection is reset: RST on the wire, ECONNRESET here.
 * Asks the gate for a real reset; the kernel then answers the calls that follow.
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
	c->wishes |= SF_WISH_RESET;
}

const struct sf_fault sf_fault_reset = {
    .usage = "reset",
    .help = "the connection is reset: RST to the peer, ECONNRESET here, then a dead socket",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV) | SF_BIT(SF_SHUTDOWN) | SF_BIT(SF_CLOSE) | SF_BIT(SF_SOCKOPT),
    .units = SF_BIT(SF_UNIT_NONE),
    .types = SF_BIT(SF_STREAM),
    .always = true,
    .says = "finds the connection reset",
    .explain =
        "The connection is reset, as when the peer's machine crashed and came back, or its program ended with "
        "data unread. The first recv or send says ECONNRESET, once; after it recv says 0 and send EPIPE, with "
        "SIGPIPE unless MSG_NOSIGNAL. poll and epoll report ERR and HUP, and SO_ERROR gives ECONNRESET once to "
        "whoever asks first. The peer gets a RST.\n\n"
        "Always real on a connected TCP or Unix stream socket; not applicable once the peer has ended its direction: "
        "on TCP a RST then says EPIPE.\n\n"
        "A right program closes the socket and treats what was not acknowledged as lost: it may connect again, "
        "but never reports success. See tcp(7), recv(2), send(2).",
    .possible = possible,
    .before = before,
};
