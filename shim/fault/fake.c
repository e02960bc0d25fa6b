/* SPDX-License-Identifier: MIT
 *
 * fault/fake.c -- the raw errno and nothing else: unfaithful on purpose.
 */
#include "core/call.h"
#include "core/fault.h"

static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	(void)c;
	(void)a;
	return SF_FAKE;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->wishes |= SF_WISH_RAW;
	c->err = (int)a->low;
	c->value = a->low;
}

const struct sf_fault sf_fault_fake = {
    .usage = "fake ERRNO",
    .help = "the call returns -1 with this errno; nothing else happens (unfaithful)",
    .operations = SF_ANY_OPERATION,
    .units = SF_BIT(SF_UNIT_ERRNO) | SF_BIT(SF_UNIT_EAI),
    .always = true,
    .says = "returns with @ and does nothing else, which no kernel does",
    .explain =
        "The call returns -1 with this errno and nothing else happens: the socket stays as it was, the peer sees "
        "nothing, poll and SO_ERROR know nothing of it.\n\n"
        "Never real: no kernel leaves a connection whole after ECONNRESET. It is there for errors that 'fail' "
        "refuses (EBADF, ENOTSOCK, ENOMEM where Linux never says it), to see whether an error branch runs at all. "
        "What a program does after it is evidence of nothing, and no finding is made of it.\n\n"
        "See errno(3).",
    .possible = possible,
    .before = before,
};
