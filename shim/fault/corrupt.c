/* SPDX-License-Identifier: MIT
 *
 * fault/corrupt.c -- bytes are changed on the way.
 */
#include "core/call.h"
#include "core/fault.h"
#include "core/payload.h"

/* TCP has checksums: what it delivers is never wrong by the network's doing. Unix sockets have no network. */
static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	(void)a;
	if (!sf_payload_in_reach(c) || sf_payload_is_peeked(c))
		return SF_REALISM_NONE;
	if (c->type != SF_DGRAM || (c->family != SF_INET && c->family != SF_INET6))
		return SF_FAKE;
	return sf_payload_is_datagram(c) ? SF_KERNEL : SF_REALISM_NONE;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	uint64_t most = a->unit == SF_UNIT_NONE ? 1 : a->low;

	if (most > sf_payload_length(c))
		most = sf_payload_length(c);
	c->wishes |= SF_WISH_CORRUPT;
	c->amount = (uint32_t)(most > UINT32_MAX ? UINT32_MAX : most);
	c->value = c->amount;
}

const struct sf_fault sf_fault_corrupt = {
    .usage = "corrupt [N]",
    .help = "N bytes (1) are changed on the way (unfaithful on streams)",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_NONE) | SF_BIT(SF_UNIT_BYTES),
    .alters = true,
    .always = true,
    .says = "has @ of its data changed on the way",
    .says_bare = "has 1 byte of its data changed on the way",
    .explain =
        "N bytes of the data are changed on their way (1 where no number is given), at places drawn from the "
        "seed.\n\n"
        "Real for UDP, whose checksum is short and may be left out. TCP has checksums and repeats what does not "
        "fit: there this is unfaithful, marked so, and no finding is made of it.\n\n"
        "A right program checks what it reads: lengths against limits, contents by a checksum or a signature. See "
        "udp(7).",
    .possible = possible,
    .before = before,
};
