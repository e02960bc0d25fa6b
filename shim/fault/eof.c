/* SPDX-License-Identifier: MIT
 *
 * fault/eof.c -- the peer has ended its direction: FIN.
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
	c->wishes |= SF_WISH_SHUT_READ;
}

const struct sf_fault sf_fault_eof = {
    .usage = "eof",
    .help = "the peer has ended its direction (FIN); what we send still arrives",
    .operations = SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_NONE),
    .types = SF_BIT(SF_STREAM),
    .always = true,
    .says = "meets the end of what the peer sends",
    .explain =
        "recv says 0, now and for ever after: the peer has shut down its sending direction. What this program "
        "sends still arrives.\n\n"
        "Always real on a connected stream. Where the protocol marks the end of a message by the end of the "
        "stream (HTTP/1.0 without a length), a program can't tell it from a whole message, and is not to blame.\n\n"
        "A right program knows whether its message was complete, says so if it was not, and stops reading: asking "
        "again and again spins. See recv(2), shutdown(2).",
    .possible = possible,
    .before = before,
};
