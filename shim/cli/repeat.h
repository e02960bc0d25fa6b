/* SPDX-License-Identifier: MIT
 *
 * repeat.h -- the one shell command that shows a mistake again: the run as it was started, with the one rule that hits
 * the same call in the place of its own. Where the run had one injection, or none brought the mistake about, its own
 * rules are that; and where the mistake is the whole run's, and its rule acted more than once: without what it did
 * before, the call that it acted on last would be another one, or none.
 */
#ifndef SF_CLI_REPEAT_H
#define SF_CLI_REPEAT_H

#include "cli/engine.h"

struct sf_repeat {
	char *rule;    /* that brings it about; NULL: none was needed */
	char *command; /* NULL: the run was started by hand */
};

/* For each statement, in their order: newly allocated. The reader is anywhere afterwards. */
struct sf_repeat *sf_repeats(struct sf_reader *reader, const struct sf_judged *judged);
void sf_repeats_free(struct sf_repeat *repeats, size_t count);

#endif
