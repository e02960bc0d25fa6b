/* SPDX-License-Identifier: MIT
 *
 * statement.h -- what a finding said, for people and for programs.
 */
#ifndef SF_CLI_STATEMENT_H
#define SF_CLI_STATEMENT_H

#include "cli/engine.h"
#include "cli/output.h"
#include "cli/repeat.h"

/* One JSON object and a newline: "One finding" of sockfault(1). */
void sf_statement_json(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_statement *statement,
    const struct sf_repeat *repeat);

/* Finds the source lines of all of them: of the frame that is the program's own. */
void sf_statements_locate(struct sf_judged *judged, const struct sf_reader *reader);

/* As a compiler says it, with the line of the source where that can be read:
 *
 *     client.c:42: error: send() took 100 of 4096 bytes; the other 3996 were never sent [short-send-dropped]
 *        42 |     send(fd, text, length, 0);
 *       Go on sending until nothing is left.
 *       repeat: sockfault run -e 'send nth=1: short 100' -- ./client
 */
void sf_statement_text(
    struct sf_output *out, const struct sf_statement *statement, const struct sf_repeat *repeat, bool coloured);

/* The first line of that alone. */
void sf_statement_line(struct sf_output *out, const struct sf_statement *statement, bool coloured);

#endif
