/* SPDX-License-Identifier: MIT
 *
 * fault/fail.c -- the call fails, as Linux would make it fail here.
 * The facts (core/fact.h) say which errno which call can give; what follows from it on the connection is the
 * gate's duty.
 */
#include <netdb.h>

#include "core/call.h"
#include "core/fact.h"
#include "core/fault.h"

/* Who asks nobody can't be told that the name server is busy. */
static bool is_answer(const struct sf_call *c, int eai)
{
	if (c->question == SF_QUESTION_IN_VAIN && eai == -EAI_NONAME)
		return false;
	return c->question != SF_QUESTION_NONE || eai == -EAI_MEMORY;
}

static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	uint8_t modes = c->mode == SF_MODE_UNKNOWN ? 0xff : (uint8_t)SF_BIT(c->mode);
	const struct sf_fact *fact = sf_fact_find(c->func, (int)a->low, c->on ? c->on : SF_ON_ANY, modes);

	if (!fact || (c->operation == SF_RESOLVE && !is_answer(c, (int)a->low)))
		return SF_REALISM_NONE;
	if (fact->possible == SF_POSSIBLE_YES || fact->possible == SF_POSSIBLE_COND)
		return SF_KERNEL;
	return fact->possible == SF_POSSIBLE_POSIX ? SF_POSIX : SF_REALISM_NONE;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	c->wishes |= SF_WISH_FAIL;
	c->err = (int)a->low;
	c->value = a->low;
}

const struct sf_fault sf_fault_fail = {
    .usage = "fail ERRNO",
    .help = "the call fails as Linux would make it fail, with all that follows from it",
    .operations = SF_ANY_OPERATION,
    .units = SF_BIT(SF_UNIT_ERRNO) | SF_BIT(SF_UNIT_EAI),
    .says = "fails with @",
    .explain =
        "The call fails with this error, and the socket is afterwards what it is after the real one: an error "
        "that ends the connection ends it, one that is transient leaves it alone, and poll, SO_ERROR and the next "
        "calls agree with it.\n\n"
        "Real when Linux does it to this very call (EAGAIN only where the call does not block, EINTR only where "
        "it would have waited and a signal handler stands): marked 'kernel'. What only POSIX or another Unix "
        "allows is marked 'posix'. Where neither can, the rule is refused when it is read, or the call is left "
        "alone and counted as not applicable; 'fake' does it all the same.\n\n"
        "On resolve the error is one of getaddrinfo(3): fail EAI_AGAIN.\n\n"
        "A right program treats each error by its kind: repeats a transient one (after poll for EAGAIN), gives up "
        "the connection on a terminal one, backs off when resources have run out, and reports a fault of its "
        "configuration. `sockfault explain ERRNO` says which is which. See errno(3) and the page of the call.",
    .possible = possible,
    .before = before,
};
