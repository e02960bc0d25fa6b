/* SPDX-License-Identifier: MIT
 *
 * rules.h -- rules for tests: parsing that must go well, rules compared by meaning, and random rules from the grammar.
 */
#ifndef SF_UNIT_RULES_H
#define SF_UNIT_RULES_H

#include <stdbool.h>

#include "core/parse.h"

/* A set without rules; the same memory each time. */
struct sf_ruleset *rules_empty(void);

/* Parses into an empty set; a refusal fails the test. */
struct sf_ruleset *rules_parsed(const char *text);

/* NULL: the text was taken. Else why it was not. */
const struct sf_diagnostic *rules_refused(const char *text);

/* Do two rules mean the same, wherever they were written and wherever their texts lie? NULL, or the first difference.
 */
const char *rules_differ(
    const struct sf_ruleset *set, const struct sf_rule *rule, const struct sf_ruleset *other_set,
    const struct sf_rule *other);

/* A line that follows the grammar, most often a rule that is taken. The state is any number; it moves on. */
void rules_random(uint64_t *state, char *text, size_t size);
uint64_t rules_draw(uint64_t *state, uint64_t below);

#endif
