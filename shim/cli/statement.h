/* SPDX-License-Identifier: MIT
 *
 * statement.h -- what a finding said, for people and for programs.
 */
#ifndef SF_CLI_STATEMENT_H
#define SF_CLI_STATEMENT_H

#include "cli/engine.h"
#include "cli/output.h"

/* One JSON object and a newline: "One finding" of sockfault(1). */
void sf_statement_json(struct sf_output *out, const struct sf_reader *reader, const struct sf_statement *statement);

/* As a compiler says it:
 *
 *     client.c:42: error: short-send-dropped: send() took 100 of 4096 bytes; the other 3996 were never sent
 */
void sf_statement_text(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_statement *statement, bool coloured);

#endif
