/* SPDX-License-Identifier: MIT
 *
 * intact.h -- has the program left the trace as the library writes it? It can reach the file that it shares with us,
 * and may write over it by mistake or on purpose. What it did to events is told by nothing; but nothing may crash or
 * hold up the command, and no rule may be said to have been another one.
 */
#ifndef SF_CLI_INTACT_H
#define SF_CLI_INTACT_H

#include "cli/arenafile.h"

struct sf_ruleset;

/* What the header says now is what it has to say at the end. */
void sf_intact_remember(const struct sf_arena_file *file);

/* While the program runs: has the file been cut off, so that reading on would end us? NULL, or what is wrong. */
const char *sf_intact_cut(const struct sf_arena_file *file);

/* Once nobody is left who writes, all that can be checked: NULL, or what is wrong. */
const char *sf_intact_refuse(const struct sf_arena_file *file, const struct sf_ruleset *set);

#endif
