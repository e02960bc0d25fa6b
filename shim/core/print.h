/* SPDX-License-Identifier: MIT
 *
 * print.h -- values as the scenario language writes them; what rules, their English and the command's lists share.
 */
#ifndef SF_CORE_PRINT_H
#define SF_CORE_PRINT_H

#include "core/append.h"
#include "core/rule.h"

void sf_append_size(struct sf_append *out, uint64_t bytes);    /* 64KiB */
void sf_append_duration(struct sf_append *out, uint64_t ns);   /* 1500ms */
void sf_append_percent(struct sf_append *out, uint64_t parts); /* 12.5% */
void sf_append_argument(struct sf_append *out, const struct sf_argument *argument);

/* Between double quotes, unprintable bytes as \xNN. */
void sf_append_quoted(struct sf_append *out, const struct sf_ruleset *set, struct sf_text text);

#endif
