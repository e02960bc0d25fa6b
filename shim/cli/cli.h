/* SPDX-License-Identifier: MIT
 *
 * cli.h -- what the files of the command share: statuses, errors, the subcommands, where things lie.
 * The command is an ordinary program: it may allocate, and it ends by sf_die() where it can't do its work.
 */
#ifndef SF_CLI_H
#define SF_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum sf_status {
	SF_STATUS_GOOD = 0,
	SF_STATUS_FOUND = 1,       /* findings: there are errors */
	SF_STATUS_BAD_RULE = 2,    /* check */
	SF_STATUS_STRICT = 123,    /* run --strict */
	SF_STATUS_TIMEOUT = 124,   /* run --timeout */
	SF_STATUS_TROUBLE = 125,   /* sockfault could not do its work */
	SF_STATUS_NOT_RUN = 126,   /* as env(1): found, but it can't be executed */
	SF_STATUS_NOT_FOUND = 127, /* as env(1) */
};

/* Of large variables, that the small ones lie together: each page that is touched takes microseconds. The linker sorts
 * sections by name. */
#define SF_LARGE __attribute__((section(".bss.z_large")))

/* "sockfault COMMAND: what, where, what to do" on standard error, one line. sf_die() ends with status 125. */
_Noreturn void sf_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sf_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Where what ended the command is told a second time, without "sockfault:"; NULL: nowhere. The first word counts. */
extern char *sf_trouble;
extern size_t sf_trouble_size;
void sf_trouble_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As malloc(3) and asprintf(3), but they return or end the command. */
void *sf_allocate(size_t size);
char *sf_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The subcommands; argv[0] is the name of the subcommand. Each returns the exit status. */
#define SF_COMMAND(name, operands, help) int sf_cmd_##name(int argc, char **argv);
#include "cli/options.def"

/* Calls the built-in subcommand that argv[0] names. */
int sf_command_call(int argc, char **argv);

/* Becomes sockfault-NAME, NAME being argv[0]; returns where there is none. */
void sf_command_foreign(char **argv);

/* Colours: only on a terminal and without NO_COLOR. */
bool sf_is_coloured(FILE *stream);

/* A word of a shell command line: quoted only where it must be. Newly allocated. */
char *sf_quote(const char *word);

/* The candidate (count of them) nearest to word, NULL if none is near enough to be what was meant. */
const char *sf_nearest(const char *word, const char *const *candidates, size_t count);

/* A whole file as newly allocated, NUL-terminated text; length may be NULL. Ends the command where it can't be read. */
char *sf_read_file(const char *path, size_t *length);

/* ---- where things lie (paths.c) ---- */

/* The running command's own file, absolute; found through /proc/self/exe. */
const char *sf_path_command(void);

/* libsockfault.so, absolute: beside the command (as built) or in ../lib/sockfault (as installed). Ends the command
 * where there is none. */
const char *sf_path_library(void);

/* Folder of the ready-made scenarios, absolute: ../scenarios (as built) or ../share/sockfault/scenarios (as installed);
 * NULL where there is none. */
const char *sf_path_scenarios(void);

/* File of a scenario: a path as it is where such a file exists, else NAME.fault of the ready-made ones. Newly
 * allocated; NULL where there is none. */
char *sf_path_scenario(const char *name);

/* Folder of this user's runs, made if need be: $SOCKFAULT_DIR, else sockfault-UID in $XDG_RUNTIME_DIR, $TMPDIR or /tmp.
 * It belongs to the user with mode 0700, or the command ends. */
const char *sf_path_runs(void);

/* Names of traces there: SF_RUN_PREFIX, the time, and more that makes them secret; those that nobody keeps begin with
 * SF_PASSING_PREFIX. */
#define SF_RUN_PREFIX "run-"
#define SF_PASSING_PREFIX "batch-"
bool sf_path_is_run(const char *name);

/* The trace of the latest run, newly allocated; ends the command, in words, where there is none. */
char *sf_path_latest(void);

/* The latest of those that lie in the folder of runs; NULL: there is none. */
char *sf_path_latest_run(void);

#endif
