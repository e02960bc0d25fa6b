/* SPDX-License-Identifier: MIT
 *
 * launch.h -- starting programs: the target, under the library, and the helpers beside it (peer, client), which are
 * not. What the command changed of its own signals and limits is as it was in what it starts.
 */
#ifndef SF_CLI_LAUNCH_H
#define SF_CLI_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

/* Blocks the signals that the command waits for, and remembers how they were. Once, first of all. */
void sf_launch_prepare(void);

/* In a child, before exec: as they were. */
void sf_launch_restore(void);

/* How the target starts. */
struct sf_launch {
	char **argv;
	const char *arena;    /* SOCKFAULT_ARENA: absolute */
	bool is_plain;        /* it needs no sanitizer's runtime, and need not be looked at */
	bool refuse_io_uring; /* by a filter */
	int errors;           /* its standard error; -1: ours */
	bool no_new_privs;    /* which the filter needs where we have no privilege */
};

/* Executes the target with the library preloaded; its pid once exec has succeeded, else -errno. Ends the command if the
 * library can't be preloaded into anything. */
pid_t sf_launch_target(const struct sf_launch *launch);

/* `sh -c text` in a process group of its own, below a keeper: a child of ours that is the reaper of all processes that
 * the text starts, ends with the last of them with the text's own status (128+N for a signal), and ends them all on
 * SIGTERM or when the command dies: by SIGTERM, and by SIGKILL two seconds later. Their standard input is empty, their
 * standard error ours; their standard output goes to `output`. The keeper's pid. */
pid_t sf_launch_helper(const char *text, int output);

#endif
