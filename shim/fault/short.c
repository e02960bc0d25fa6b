/* SPDX-License-Identifier: MIT
 *
 * fault/short.c -- move fewer bytes than asked for, never none.
 * The request is shrunk before the real call; a result is never cut, so no byte is lost (engineering law 7).
 */
#include "core/fault.h"

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
        "socket, with SO_SNDTIMEO, or where a signal handler stands; on a plain blocking socket Linux takes "
        "everything, so it is marked 'posix' there. Datagrams are never short.\n\n"
        "A right program keeps the rest of a short send and sends it next, and reads on until its message is "
        "complete. See send(2), recv(2), write(2).",
};
