/* SPDX-License-Identifier: MIT
 *
 * run.h -- one run, as its phases share it: run.c fills in what was asked for, watch.c lives through it, summary.c
 * tells it.
 */
#ifndef SF_CLI_RUN_H
#define SF_CLI_RUN_H

#include "cli/arenafile.h"
#include "cli/engine.h"
#include "cli/growth.h"
#include "cli/tree.h"
#include "cli/uring.h"

/* A peer or a client: a shell command beside the target. */
struct sf_helper {
	const char *text;   /* as typed; NULL: none */
	const char *output; /* file of its standard output; NULL: none of its own */
	pid_t pid;          /* of its keeper, 0: not running */
	int status;         /* once it has ended: exit status, or 128 + signal; -1 before */
	bool was_asked_to_end, timed_out;
	uint64_t end_at_ns; /* it is asked to end then; 0: not yet known */
};

struct sf_run {
	/* asked for */
	struct sf_ruleset *set;
	const char *trace_path;    /* NULL: one of this user's runs */
	const char *outcome_path;  /* NULL: none */
	const char *baseline_path; /* for the findings of the outcome; NULL: none */
	const char *expected_path; /* what is printed without faults; NULL: nobody said */
	const char *errors_path;   /* of the target's standard error; NULL: ours */
	const char *turn_path;     /* shared with runs that may not be at the same time; NULL: none */
	uint64_t trace_size, timeout_ns, client_timeout_ns, next_timeout_ns;
	uint64_t server_process; /* its index in the run; 0: it was not said, and is COMMAND */
	int trace_level, realism;
	enum sf_uring io_uring;
	bool keep_data, stacks, strict, quiet, server;
	char **command; /* as typed */
	char **repeat;  /* the words that repeat this run, ends with NULL */
	size_t repeat_count;

	/* made for it */
	char **argv;   /* command with {port} and {tmp} filled in */
	unsigned port; /* 0: {port} is not used */
	char *folder;  /* {tmp}; NULL: not used */
	bool is_plain; /* the program needs no further looks: see doctor.h */
	bool refused_io_uring;

	/* lived */
	struct sf_arena_file file;
	struct sf_growth growth;
	struct sf_helper peer, client, next;
	int peer_output; /* what the peer prints, -1: nothing more */
	bool peer_spoke;
	pid_t target;   /* 0: not started */
	bool has_ended; /* the target: status is its own, as waitpid(2) has it */
	int status;
	bool timed_out;
	unsigned next_tries; /* that failed */
	bool was_terminated; /* the server, by us */
	bool was_killed;     /* it did not end by that, or was not asked to */
	bool never_served;   /* it ended before it listened, or was killed because it did not listen */
	int interrupted;     /* signal that ended us before the target was started */
	uint64_t start_ns, end_ns;
	uint64_t user_ns, system_ns, resident_most; /* of the target's processes */
	/* once it is over: its trace, and what the program did wrong; none of it at other trace levels than `all` */
	struct sf_reader *reader;
	struct sf_judged judged;
	off_t errors_from; /* where the target's words begin in the file that standard error is; -1: it is none */
	bool is_compared;  /* with what is expected */
	enum sf_differs differs;
};

/* The run begins now: what its times are told from. */
void sf_run_begin_clock(struct sf_run *run);

/* Runs to the end of the last process. Ends the command where that can't be done, after ending what was started. */
void sf_run_watch(struct sf_run *run);

/* signs.c: what the target shows of itself while it runs. Is the library mapped into it? Does a server of its tree
 * listen, on {port} where the run has one? */
bool sf_run_has_library(const struct sf_run *run);
bool sf_run_listens(const struct sf_run *run);

/* Who computes and who waits, when the time is up, goes into the records of processes: a trace has only calls. */
void sf_run_note_busy(struct sf_run *run);

/* Text with {port} and {tmp} filled in (a port is chosen, a folder made, where first asked for). Newly allocated. */
char *sf_run_fill(struct sf_run *run, const char *text);

/* Is its trace nobody's, and goes with the run? */
bool sf_run_is_passing(const struct sf_run *run);

/* Removes {tmp} and lets the port go. */
void sf_run_clear_places(struct sf_run *run);

/* Rules that never fired, and processes into which the library never came. */
uint32_t sf_run_idle_rules(const struct sf_run *run);
uint32_t sf_run_escapes(const struct sf_run *run);

/* Where what is written on standard error from now on will lie, if that is a file; -1: it is none. */
off_t sf_errors_end(void);

/* Compares the output with what is expected, and asks the findings, once the run is over. */
void sf_run_judge(struct sf_run *run);

/* The exit status: the target's own, 124 or 125, and 123 where --strict finds fault. */
int sf_run_status(const struct sf_run *run);

/* What came of it, as one JSON object: to outcome_path, or to the batch. Its trace must still be there. */
void sf_run_put_outcome(const struct sf_run *run);

/* The numbers that the summary and the outcome share. */
uint64_t sf_run_calls(const struct sf_run *run);
uint64_t sf_run_faults(const struct sf_run *run);
uint64_t sf_run_lost(const struct sf_run *run);

/* Bytes that all sockets of the internet's families took, or gave. */
uint64_t sf_run_moved(const struct sf_run *run, bool sent);

/* The summary on standard error. */
void sf_run_summarize(const struct sf_run *run);

/* Does something listen on this TCP port, or has something bound this UDP port? Asks /proc, so that no connection is
 * spent. */
bool sf_port_is_served(unsigned port);

/* Does something listen on a Unix socket within this folder? */
bool sf_folder_is_served(const char *folder);

#endif
