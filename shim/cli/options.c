/* SPDX-License-Identifier: MIT
 *
 * options.c -- the table of options.def as data, and the walk along a command line. What an option does is not known
 * here. Order is kept: sf_words_next() returns options as they were written, since -e and -s are rules in order.
 */
#include "cli/options.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define IN(name) (1U << SF_COMMAND_##name)
#define IN_ALL (~0U)

struct command_row {
	const char *name, *operands, *help;
};

static const struct command_row commands[SF_COMMAND_COUNT] = {
#define SF_COMMAND(name, operands, help) {#name, operands, help},
#include "cli/options.def"
};

const char *const sf_command_names[SF_COMMAND_COUNT] = {
#define SF_COMMAND(name, operands, help) #name,
#include "cli/options.def"
};

struct option_row {
	const char *name, *value, *choices, *help;
	unsigned commands;
	char letter[3]; /* "-e"; empty: none */
};

static const struct option_row options[SF_OPTION_COUNT] = {
#define SF_OPTION(id, commands, letter, name, value, choices, help)                                                    \
	[SF_OPTION_##id] = {name, value, choices, help, commands, {(letter) ? '-' : 0, letter, 0}},
#include "cli/options.def"
};

int sf_command_find(const char *name)
{
	for (int i = 0; i < SF_COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return i;
	return -1;
}

const char *sf_option_spelled(enum sf_option option)
{
	return options[option].letter[0] ? options[option].letter : sf_print("--%s", options[option].name);
}

static bool takes(enum sf_command_id command, enum sf_option option)
{
	return options[option].commands >> command & 1;
}

/* ---- refusing ---- */

void sf_words_refuse(const struct sf_words *words, const char *format, ...)
{
	const char *name = commands[words->command].name;
	va_list list;
	char *text;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		sf_die("out of memory");
	va_end(list);
	fprintf(stderr, "sockfault %s: %s (see sockfault %s --help)\n", name, text, name);
	sf_trouble_note("%s", text);
	exit(SF_STATUS_TROUBLE);
}

_Noreturn static void refuse_unknown(const struct sf_words *words, const char *word)
{
	const char *names[SF_OPTION_COUNT];
	size_t count = 0;

	for (int i = 1; i < SF_OPTION_COUNT; i++)
		if (takes(words->command, i) && options[i].name)
			names[count++] = options[i].name;
	const char *near = word[1] == '-' ? sf_nearest(word + 2, names, count) : NULL;

	if (near)
		sf_words_refuse(words, "there is no option %s; did you mean --%s?", word, near);
	sf_words_refuse(words, "there is no option %s", word);
}

/* Is `value` one of the words of "a|b|c"? Its index, or -1. */
static int choice_index(const char *choices, const char *value)
{
	size_t length = strlen(value);
	int index = 0;

	for (const char *at = choices; at; index++) {
		const char *end = strchr(at, '|');
		size_t width = end ? (size_t)(end - at) : strlen(at);

		if (width == length && memcmp(at, value, length) == 0)
			return index;
		at = end ? end + 1 : NULL;
	}
	return -1;
}

int sf_words_choice(const struct sf_words *words, enum sf_option option)
{
	return choice_index(options[option].choices, words->value);
}

static enum sf_option accept(struct sf_words *words, enum sf_option option)
{
	const char *choices = options[option].choices;

	if (option == SF_OPTION_HELP) {
		sf_help_command(stdout, words->command);
		exit(SF_STATUS_GOOD);
	}
	if (words->value && choices && choices[0] != '@' && choice_index(choices, words->value) < 0)
		sf_words_refuse(words, "--%s is one of %s, not '%s'", options[option].name, choices, words->value);
	return option;
}

/* ---- walking ---- */

void sf_words_begin(struct sf_words *words, int argc, char **argv)
{
	*words = (struct sf_words){.argv = argv, .argc = argc, .at = 1, .operands = argv + 1};
	words->command = (enum sf_command_id)sf_command_find(argv[0]);
}

static const char *take_value(struct sf_words *words, const char *option, const char *value)
{
	if (words->at >= words->argc)
		sf_words_refuse(words, "%s wants a value: %s", option, value);
	return words->argv[words->at++];
}

static enum sf_option read_long(struct sf_words *words, char *word)
{
	size_t length = strcspn(word + 2, "=");

	for (int i = 1; i < SF_OPTION_COUNT; i++) {
		const struct option_row *row = &options[i];

		if (!takes(words->command, i) || !row->name || strlen(row->name) != length ||
		    memcmp(row->name, word + 2, length) != 0)
			continue;
		if (!row->value && word[2 + length])
			sf_words_refuse(words, "--%s takes no value", row->name);
		if (row->value)
			words->value = word[2 + length] ? word + 3 + length : take_value(words, word, row->value);
		return accept(words, i);
	}
	refuse_unknown(words, word);
}

static enum sf_option read_letter(struct sf_words *words)
{
	char word[3] = {'-', *words->cluster++, '\0'};

	for (int i = 1; i < SF_OPTION_COUNT; i++) {
		if (!takes(words->command, i) || strcmp(options[i].letter, word) != 0)
			continue;
		if (options[i].value && *words->cluster)
			words->value = words->cluster;
		else if (options[i].value)
			words->value = take_value(words, word, options[i].value);
		if (options[i].value)
			words->cluster = "";
		return accept(words, i);
	}
	refuse_unknown(words, word);
}

static enum sf_option end_of_options(struct sf_words *words)
{
	while (words->at < words->argc)
		words->operands[words->operand_count++] = words->argv[words->at++];
	return SF_OPTION_END;
}

static bool has_foreign_command(enum sf_command_id command)
{
	return strstr(commands[command].operands, "[ARG]...");
}

enum sf_option sf_words_next(struct sf_words *words)
{
	words->value = NULL;
	if (words->cluster && *words->cluster)
		return read_letter(words);
	while (words->at < words->argc) {
		char *word = words->argv[words->at++];

		if (word[0] != '-' || word[1] == '\0') {
			words->operands[words->operand_count++] = word;
			if (has_foreign_command(words->command))
				return end_of_options(words);
			continue;
		}
		if (strcmp(word, "--") == 0)
			return end_of_options(words);
		if (word[1] == '-')
			return read_long(words, word);
		words->cluster = word + 1;
		return read_letter(words);
	}
	return SF_OPTION_END;
}

/* ---- the table as text ---- */

static void put_option(FILE *out, const struct option_row *row)
{
	if (row->letter[0])
		fprintf(out, "%s%s", row->letter, row->name ? ", " : "");
	if (row->name)
		fprintf(out, "--%s", row->name);
	if (row->value)
		fprintf(out, " %s", row->choices && row->choices[0] != '@' ? row->choices : row->value);
}

static bool is_repeated(enum sf_option option)
{
	return option == SF_OPTION_RULE || option == SF_OPTION_SCENARIO;
}

static void put_synopsis(FILE *out, enum sf_command_id command)
{
	int column = fprintf(out, "usage: sockfault %s", commands[command].name);

	for (int i = 1; i < SF_OPTION_COUNT; i++) {
		const struct option_row *row = &options[i];

		if (!takes(command, i) || i == SF_OPTION_HELP)
			continue;
		if (column > 90)
			column = fprintf(out, "\n                    ");
		column += 8 + (int)(row->name ? strlen(row->name) : 1) + (int)(row->choices ? strlen(row->choices) : 4);
		fprintf(out, " [");
		put_option(out, row);
		fprintf(out, is_repeated(i) ? "]..." : "]");
	}
	fprintf(out, " %s\n", commands[command].operands);
}

void sf_help_command(FILE *out, enum sf_command_id command)
{
	put_synopsis(out, command);
	fprintf(out, "\n%s\n\n", commands[command].help);
	for (int i = 1; i < SF_OPTION_COUNT; i++) {
		if (!takes(command, i))
			continue;
		fprintf(out, "  ");
		put_option(out, &options[i]);
		fprintf(out, "\n        %s\n", options[i].help);
	}
	fprintf(out, "\nThe manual: man sockfault; the language of rules: man sockfault-scenario\n");
}

void sf_help_all(FILE *out)
{
	fprintf(out, "usage: sockfault COMMAND ...\n\n");
	for (int i = 0; i < SF_COMMAND_COUNT; i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
	fprintf(
	    out, "\n  sweep, suite, grade, report: the Python harness; any other NAME runs sockfault-NAME\n"
	         "\nsockfault COMMAND --help says more; sockfault --version is the version.\n"
	         "A first try:  sockfault run -e 'recv: short 1' -- curl http://127.0.0.1:8000/\n");
}

/* "command<TAB>run<TAB>operands<TAB>help" and "option<TAB>run<TAB>-e<TAB>--name<TAB>value<TAB>choices<TAB>help". */
void sf_help_table(FILE *out)
{
	for (int command = 0; command < SF_COMMAND_COUNT; command++) {
		fprintf(
		    out, "command\t%s\t%s\t%s\n", commands[command].name, commands[command].operands, commands[command].help);
		for (int i = 1; i < SF_OPTION_COUNT; i++) {
			const struct option_row *row = &options[i];

			if (takes(command, i))
				fprintf(
				    out, "option\t%s\t%s\t%s%s\t%s\t%s\t%s\n", commands[command].name, row->letter,
				    row->name ? "--" : "", row->name ? row->name : "", row->value ? row->value : "",
				    row->choices ? row->choices : "", row->help);
		}
	}
}
