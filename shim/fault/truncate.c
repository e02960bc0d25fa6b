/* SPDX-License-Identifier: MIT
 *
 * fault/truncate.c -- a datagram is cut after N bytes.
 */
#include "core/call.h"
#include "core/fault.h"
#include "core/payload.h"

static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	if (!sf_payload_is_datagram(c) || sf_payload_is_peeked(c))
		return SF_REALISM_NONE;
	if (c->operation == SF_RECV && sf_payload_length(c) >= sf_payload_datagram_most(c)) /* it has room for any */
		return SF_REALISM_NONE;
	return sf_payload_length(c) > a->low ? SF_KERNEL : SF_REALISM_NONE;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->wishes |= SF_WISH_TRUNCATE;
	c->keep = (uint32_t)(a->low > UINT32_MAX ? UINT32_MAX : a->low);
	c->value = c->keep;
}

const struct sf_fault sf_fault_truncate = {
    .usage = "truncate N",
    .help = "the datagram is cut after N bytes",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_BYTES),
    .types = SF_BIT(SF_DGRAM),
    .families = SF_BIT(SF_INET) | SF_BIT(SF_INET6),
    .alters = true,
    .says = "has its datagram cut after @",
    .explain =
        "The datagram is cut after N bytes: recv gives the first N, the rest is gone, and recvmsg says MSG_TRUNC, "
        "as when the buffer is too small. On send the peer gets the first N bytes.\n\n"
        "Real for UDP when the program's buffer is shorter than the datagram, which the sender decides. A recv that "
        "has room for the longest one there is (65,507 bytes, of IPv6 65,527) is left alone.\n\n"
        "A right program looks at MSG_TRUNC (or asks with MSG_TRUNC for the true length) and drops what was cut. "
        "See recv(2), udp(7).",
    .possible = possible,
    .before = before,
};
