/* SPDX-License-Identifier: MIT
 *
 * fault/reorder.c -- a datagram is overtaken by later ones.
 */
#include "core/call.h"
#include "core/fault.h"
#include "core/payload.h"

static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	(void)a;
	return sf_payload_is_datagram(c) && !sf_payload_is_peeked(c) ? SF_KERNEL : SF_REALISM_NONE;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->wishes |= SF_WISH_REORDER;
	c->behind = a->unit == SF_UNIT_NONE ? 1 : (uint32_t)(a->low > UINT32_MAX ? UINT32_MAX : a->low);
	c->value = c->behind;
}

const struct sf_fault sf_fault_reorder = {
    .usage = "reorder [N]",
    .help = "the datagram is overtaken by the next N (1)",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_NONE) | SF_BIT(SF_UNIT_COUNT),
    .types = SF_BIT(SF_DGRAM),
    .families = SF_BIT(SF_INET) | SF_BIT(SF_INET6),
    .alters = true,
    .always = true,
    .says = "has its datagram overtaken by the next @",
    .says_bare = "has its datagram overtaken by the next one",
    .explain = "The datagram is held back until N more have passed it (1 where no number is given); if no more come it "
               "arrives late.\n\n"
               "Always real for UDP: two routes of different length are enough.\n\n"
               "A right program puts its datagrams in order by numbers of its own, or does not depend on their order. "
               "See udp(7).",
    .possible = possible,
    .before = before,
};
