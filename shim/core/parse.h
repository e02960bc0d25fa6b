/* SPDX-License-Identifier: MIT
 *
 * parse.h -- text to rules, or one diagnostic as data.
 *
 * No allocation, no input or output, no locale; safe before main. Input may be hostile: any bytes, any length, never
 * more than a diagnostic. Rules are appended to a set; on error the set is as it was before the call.
 */
#ifndef SF_CORE_PARSE_H
#define SF_CORE_PARSE_H

#include "core/rule.h"

struct sf_diagnostic {
	char source[128];   /* file name, "-e", ... */
	char text[256];     /* the source line, cut to fit, printable bytes only (others as '?') */
	char message[384];  /* one sentence: the word that is wrong, and what was expected there */
	uint32_t line;      /* from 1 */
	uint32_t column;    /* from 1, in bytes of the line */
	uint32_t width;     /* bytes underlined by the caret, at least 1 */
	uint32_t text_skip; /* bytes of the line left out before text[0], where the line is long */
};

/* Parses a file (or one -e text: lines are separated by newlines) and appends its rules to *set, which the caller
 * zeroed before the first. `extra` are conditions added to each rule (-s 'NAME conditions'), NULL for none. True, or
 * false and *why. Also refuses what no call can do: see sockfault-scenario(5), "Errors". */
bool sf_parse(
    struct sf_ruleset *set, const char *source, const char *text, size_t length, const char *extra,
    struct sf_diagnostic *why);

/* "FILE:LINE:COLUMN: MESSAGE\n    source line\n    ^~~~\n". As snprintf. */
size_t sf_diagnostic_print(const struct sf_diagnostic *why, char *buffer, size_t size);

#endif
