/* SPDX-License-Identifier: MIT
 *
 * fault/corrupt.c -- bytes are changed on the way.
 */
#include "core/fault.h"

const struct sf_fault sf_fault_corrupt = {
    .usage = "corrupt [N]",
    .help = "N bytes (1) are changed on the way (unfaithful on streams)",
    .operations = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .units = SF_BIT(SF_UNIT_NONE) | SF_BIT(SF_UNIT_COUNT),
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
};
