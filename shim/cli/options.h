/* SPDX-License-Identifier: MIT
 *
 * options.h -- reading a command line by the table in options.def.
 *
 *     struct sf_words w;
 *     sf_words_begin(&w, argc, argv);
 *     for (enum sf_option o; (o = sf_words_next(&w)); )
 *         if (o == SF_OPTION_JSON) json = true;      value of an option that takes one: w.value
 *     w.operands[0 .. w.operand_count - 1]           once sf_words_next() has returned SF_OPTION_END
 *
 * Wrong words end the command with one line that says which and what is near; --help prints the help and ends with 0.
 * `run` stops at its first operand, which begins a foreign command line; the others take options anywhere.
 */
#ifndef SF_CLI_OPTIONS_H
#define SF_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum sf_command_id {
#define SF_COMMAND(name, operands, help) SF_COMMAND_##name,
#include "cli/options.def"
	SF_COMMAND_COUNT
};

enum sf_option {
	SF_OPTION_END,
#define SF_OPTION(id, commands, letter, name, value, choices, help) SF_OPTION_##id,
#include "cli/options.def"
	SF_OPTION_COUNT
};

struct sf_words {
	const char *value; /* of the option just returned */
	char **operands;
	int operand_count;
	/* the rest is options.c's */
	char **argv;
	const char *cluster; /* further letters of the word being read: -ab */
	int argc, at;
	enum sf_command_id command;
};

void sf_words_begin(struct sf_words *words, int argc, char **argv);
enum sf_option sf_words_next(struct sf_words *words);

/* Index of the value just read among its choices. */
int sf_words_choice(const struct sf_words *words, enum sf_option option);

/* As it is typed: "-e", "--seed". */
const char *sf_option_spelled(enum sf_option option);

/* Ends the command: "sockfault NAME: <what>", then how to see the help. */
_Noreturn void sf_words_refuse(const struct sf_words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The table as text: the list of commands, the help of one, and tab-separated rows for completions and checks. */
void sf_help_all(FILE *out);
void sf_help_command(FILE *out, enum sf_command_id command);
void sf_help_table(FILE *out);

/* -1: there is no such command among those built in. */
int sf_command_find(const char *name);
extern const char *const sf_command_names[SF_COMMAND_COUNT];

/* Values of options; they end the command with a line that names `what` and shows how it is written. */
uint64_t sf_value_number(const char *what, const char *text);      /* 7, 0x1f */
uint64_t sf_value_size(const char *what, const char *text);        /* 4096, 64KiB, 8GiB */
uint64_t sf_value_duration_ns(const char *what, const char *text); /* 10s, 500ms, 2m; a plain number is seconds */

#endif
