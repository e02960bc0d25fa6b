/* SPDX-License-Identifier: MIT
 *
 * status.h -- what the arena knows of a run: its rules and what came of them, processes, connections. True while the
 * run goes on and after it.
 */
#ifndef SF_CLI_STATUS_H
#define SF_CLI_STATUS_H

#include "cli/arenafile.h"
#include "cli/output.h"

/* free, awaited (it escaped, if the run is over), running, exited, killed: by enum sf_process_state. */
extern const char *const sf_process_words[SF_PROCESS_SIGNALED + 1];

/* Its word now: one that somebody else reaped has "ended", with a status that only its trace may tell. */
const char *sf_process_word(const struct sf_process *process);

/* Does the command of this run live? */
bool sf_run_is_on(const struct sf_arena *arena);

/* Why a rule that never fired did not, in words for people: "never reached: no call met its conditions". */
const char *sf_why_idle(const struct sf_arena *arena, const struct sf_rule *rule, const struct sf_counter *counter);

/* A rule and what came of it, as one JSON object. */
void sf_status_put_rule(struct sf_output *to, const struct sf_arena *arena, uint32_t index);

/* `ctl status --json` on standard output: one object a line, told apart by the first key, which is one of "run",
 * "rule", "process" and "conn". */
void sf_status_put_json(const struct sf_arena_file *file);

#endif
