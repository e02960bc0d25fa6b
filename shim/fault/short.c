/* SPDX-License-Identifier: MIT
 *
 * fault/short.c -- move fewer bytes than asked for, never none.
 * The request is shrunk before the real call; a result is never cut, so no byte is lost (engineering law 7). Where the
 * kernel then moves less still, nothing was done: the gate takes the injection back.
 */
#include "core/call.h"
#include "core/fault.h"
#include "core/payload.h"

static enum sf_realism possible(const struct sf_call *c, const struct sf_argument *a)
{
	(void)a; /* whatever its number, so that a rule which repeats one of these calls counts the same calls */
	if (c->type != SF_STREAM || c->asked < 2)
		return SF_REALISM_NONE;
	/* A blocking call that asks for all gets all, or the end. */
	if (c->operation == SF_RECV && c->flags & MSG_WAITALL && c->mode != SF_NONBLOCKING)
		return SF_REALISM_NONE;
	/* A blocking send is short only where the buffer is full, and then a signal cuts it. */
	return c->operation == SF_SEND && c->mode == SF_BLOCKING ? SF_POSIX : SF_KERNEL;
}

static void before(struct sf_call *c, const struct sf_argument *a)
{
	uint64_t most = sf_pick(c, a);

	if (a->unit == SF_UNIT_PERCENT)
		most = c->asked * a->low / SF_CHANCE_ONE;
	most = sf_payload_at_least(c, most ? most : 1);
	if (c->len > most)
		c->len = (size_t)most;
	c->value = c->len;
}

const struct sf_fault sf_fault_short = {
    .usage = "short N[..M] | short P%",
    .help = "at most N bytes are moved; the rest stays where it is, nothing is lost",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_BYTES) | SF_BIT(SF_UNIT_PERCENT),
    .ranged = true,
    .types = SF_BIT(SF_STREAM),
    .alters = true,
    .says = "moves at most @",
    .explain =
        "The call moves at most N bytes (or P percent of what was asked for, and always at least one): on recv "
        "the rest stays queued, on send it was never taken. With N..M each call draws its own number from the "
        "seed.\n\n"
        "recv: always real, for TCP has no messages and may cut the stream anywhere. send: real on a non-blocking "
        "socket or with SO_SNDTIMEO; on a plain blocking socket Linux takes "
        "everything unless a signal cuts it, so it is marked 'posix' there. Datagrams are never short. What the "
        "program has been shown "
        "(MSG_PEEK, FIONREAD, SO_RCVLOWAT, on a non-blocking socket poll's POLLHUP and epoll's EPOLLRDHUP) it gets. A "
        "call that moves no more "
        "than N bytes by itself is not "
        "counted as injected.\n\n"
        "Where each call is cut this is a stress, not a measure of speed: programs that wait a moment after a short "
        "read, as some do, take as many moments as there are calls.\n\n"
        "A right program keeps the rest of a short send and sends it next, and reads on until its message is "
        "complete. See send(2), recv(2), write(2).",
    .possible = possible,
    .before = before,
};
