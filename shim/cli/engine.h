/* SPDX-License-Identifier: MIT
 *
 * engine.h -- a trace in, statements out: builds the story of the run, lets all findings see it, and keeps what they
 * say. Pure but for the reader: no output, and nothing of the run is changed. A trace that is cut off or hostile gives
 * fewer statements, never a crash.
 *
 *     struct sf_judged judged = sf_judge(reader, &(struct sf_judge_asked){0});
 *     judged.list[0 .. judged.count - 1]             errors first, then in the order of the run
 *     sf_judged_free(&judged);
 */
#ifndef SF_CLI_ENGINE_H
#define SF_CLI_ENGINE_H

#include "cli/reader.h"
#include "core/finding.h"

/* What the trace can't know. */
struct sf_judge_asked {
	struct sf_reader *baseline; /* of the fault-free run; NULL: there is none */
	bool compared;              /* somebody compared the outcome with the baseline's */
	enum sf_differs differs;
	const char *errors; /* what the target wrote on standard error, ended by NUL; NULL: not known */
};

/* What one finding says of one call site and stack. */
struct sf_statement {
	enum sf_finding_name finding;
	struct sf_moment at, cause, evidence; /* of the first time; seq 0: none */
	char *says;
	uint64_t times;
	char program[SF_PROGRAM_SIZE + 1];
	char place[320];       /* "client+0x1a2f", "" if it is not known */
	char *function, *file; /* where in the source: sf_statements_locate(); NULL, 0: not known */
	unsigned line;
};

struct sf_judged {
	struct sf_statement *list;
	size_t count;
	size_t of_severity[SF_SEVERITY_COUNT];
	bool is_complete; /* the trace has all calls: else silence says nothing */
};

/* Reads from the trace's beginning. */
struct sf_judged sf_judge(struct sf_reader *reader, const struct sf_judge_asked *asked);
void sf_judged_free(struct sf_judged *judged);

#endif
