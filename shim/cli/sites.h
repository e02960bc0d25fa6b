/* SPDX-License-Identifier: MIT
 *
 * sites.h -- rules that say site=FILE:LINE: from a source line to the code of the target, before the run.
 */
#ifndef SF_CLI_SITES_H
#define SF_CLI_SITES_H

#include "core/rule.h"

/* Fills in the spans of code of each such rule, from the line tables of the program and of its libraries. Nothing is
 * done where no rule asks for it. Ends the command where a line has no code, or nothing can read it. */
void sf_sites_resolve(struct sf_ruleset *set, const char *command);

#endif
