/* SPDX-License-Identifier: MIT
 *
 * line.h -- one event as one line for people, in the manner of strace(1):
 *
 *     [71] 0.001200 recvfrom(5 #2 127.0.0.1:8080, 4096) = 100  ← short 100 (rule 3, posix)
 *
 * 5 is the descriptor, #2 the number of its connection, then the peer. Lifecycle events are "+++ ... +++", signals
 * "--- ... ---", and a call that never returned ends in "<unfinished ...>".
 */
#ifndef SF_CLI_LINE_H
#define SF_CLI_LINE_H

#include <stdbool.h>

#include "cli/output.h"
#include "cli/reader.h"

struct sf_line_style {
	bool coloured;
	bool pids, tids; /* whether the line says whose it is */
};

void sf_line_event(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, struct sf_line_style style);

/* The last word on a call that never returned: who was in which call since when, called from where. */
void sf_line_unfinished(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen, struct sf_line_style style);

/* "+++ killed by SIGKILL +++" of a process that a signal ended. */
void sf_line_killed(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_process *process,
    struct sf_line_style style);

#endif
