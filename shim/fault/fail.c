/* SPDX-License-Identifier: MIT
 *
 * fault/fail.c -- the call fails, as Linux would make it fail here.
 * The facts (core/fact.h) say which errno which call can give; what follows from it on the connection is the
 * gate's duty.
 */
#include "core/fault.h"

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
};
