/* SPDX-License-Identifier: MIT
 *
 * fault/pass.c -- leave the call alone and stop searching.
 */
#include "core/fault.h"

const struct sf_fault sf_fault_pass = {
    .usage = "pass",
    .help = "the call is left alone, and later rules are not asked",
    .operations = SF_ANY_OPERATION,
    .units = SF_BIT(SF_UNIT_NONE),
    .always = true,
    .says = "is left alone, and no later rule is asked",
    .explain = "The call is made as the program asked for it, and the search for a deciding rule ends: put it ahead of "
               "broader rules to spare some calls, as in 'any peer=*:9000: pass'.\n\n"
               "No fault: nothing is injected.\n\n"
               "Nothing is asked of the program.",
};
