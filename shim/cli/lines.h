/* SPDX-License-Identifier: MIT
 *
 * lines.h -- the source lines of call sites, by addr2line(1): one process for each object file, whatever the number of
 * sites. It knows separate debug files (by .gnu_debuglink and by build-id), inlined functions and all versions of
 * DWARF. Without debug information it is function+offset, from the tables of symbols; else object+offset.
 *
 *     struct sf_lines *lines = sf_lines_new(reader);
 *     sf_lines_want(lines, site);          for each; sf_lines_want_all() for all of the trace
 *     sf_lines_resolve(lines);
 *     sf_lines_of(lines, site, &n);        levels: [0] where the call stands, then the functions into which it was
 * inlined sf_lines_free(lines);
 *
 * A site is a return address: looked up is the byte before it.
 */
#ifndef SF_CLI_LINES_H
#define SF_CLI_LINES_H

#include "cli/reader.h"

/* NULL and 0: not known. */
struct sf_line {
	const char *function; /* demangled */
	const char *file;     /* as the compiler was given it: absolute, or from the folder in which it ran */
	unsigned line;
	uint64_t into; /* bytes from the function's beginning, where there is no file */
};

struct sf_lines;

struct sf_lines *sf_lines_new(const struct sf_reader *reader);
void sf_lines_free(struct sf_lines *lines);
const struct sf_reader *sf_lines_reader(const struct sf_lines *lines);

void sf_lines_want(struct sf_lines *lines, uint32_t site);
void sf_lines_want_all(struct sf_lines *lines);

/* May be called again when others were wanted. Where there is no addr2line that is said, once. */
void sf_lines_resolve(struct sf_lines *lines);

/* Count of levels, 0 for what was not wanted or is no site. They live as long as `lines`. */
size_t sf_lines_of(const struct sf_lines *lines, uint32_t site, const struct sf_line **levels);

/* "client.c:42", "main+0x1f", "client+0x1a2f": the best that is known of a site's place, cut to fit. As snprintf. */
size_t
sf_line_place(const struct sf_lines *lines, uint32_t site, const struct sf_line *line, char *buffer, size_t size);

/* The frame of a stack (innermost first; count 1: the site alone) where whoever wrote the program looks first: outside
 * libc and outside functions that do nothing but make the call for others (xread, Send, safe_write: by their names).
 * Its index; the level of it that is meant in *level, NULL where nothing is known of it. */
size_t sf_lines_own(
    const struct sf_lines *lines, const uint32_t *stack, size_t count, const char *call, const struct sf_line **level);

/* Those of a stack's frames among which sf_lines_own looks. */
void sf_lines_want_own(struct sf_lines *lines, const uint32_t *stack, size_t count);

/* Is this the name of such a function for a call (recv, sendmsg ...)? */
bool sf_is_wrapper(const char *function, const char *call);

/* `sockfault trace --lines`: one JSON object a line for each site, then one for each stack, with the frame of it that
 * is the program's own. Reads the trace from its beginning. */
struct sf_output;
void sf_lines_print(struct sf_output *out, struct sf_reader *reader, const struct sf_lines *lines);

#endif
