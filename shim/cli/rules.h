/* SPDX-License-Identifier: MIT
 *
 * rules.h -- rules from where the command line names them: texts, files, scenarios by name. A rule that can't be read
 * is shown by its diagnostic on standard error.
 */
#ifndef SF_CLI_RULES_H
#define SF_CLI_RULES_H

#include "core/rule.h"

/* An empty set; it is large, and lives as long as the command. */
struct sf_ruleset *sf_rules_new(void);

/* -e: the text of a rule, or of several, one a line. False: it was refused, and said so. */
bool sf_rules_add_text(struct sf_ruleset *set, const char *source, const char *text);

/* -s: a file or the name of a scenario; after a blank, conditions that are added to each of its rules. False: it was
 * refused or is not there, and that was said. */
bool sf_rules_add_scenario(struct sf_ruleset *set, const char *word);

#endif
