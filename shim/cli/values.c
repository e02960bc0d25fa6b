/* SPDX-License-Identifier: MIT
 *
 * values.c -- values of options: numbers, sizes, durations. The scenario language has a reader of its own, which knows
 * ranges and columns; here a wrong value ends the command with the line that says how it is written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"

struct unit {
	const char *word;
	uint64_t factor;
};

uint64_t sf_value_number(const char *what, const char *text)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 0);

	if (errno || *end || end == text || text[0] == '-')
		sf_die("%s is a whole number from 0, not '%s'", what, text);
	return value;
}

/* A number, with or without a fraction, and one of the units; false if it is not one or does not fit 63 bits. */
static bool read_scaled(const char *text, const struct unit *units, uint64_t *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	double number = strtod(text, &end);

	for (; units->word; units++)
		if (strcmp(end, units->word) == 0) {
			number *= (double)units->factor;
			*value = (uint64_t)number;
			return number < 0x1p63;
		}
	return false;
}

uint64_t sf_value_size(const char *what, const char *text)
{
	static const struct unit units[] = {{"", 1},          {"B", 1},         {"KiB", 1 << 10},
	                                    {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"k", 1 << 10},
	                                    {"M", 1 << 20},   {"G", 1 << 30},   {NULL, 0}};
	uint64_t bytes;

	if (!read_scaled(text, units, &bytes))
		sf_die("%s is a size such as 64MiB or 2GiB, not '%s'", what, text);
	return bytes;
}

uint64_t sf_value_duration_ns(const char *what, const char *text)
{
	static const struct unit units[] = {{"", 1000000000},   {"s", 1000000000},    {"ms", 1000000}, {"us", 1000},
	                                    {"m", 60000000000}, {"h", 3600000000000}, {NULL, 0}};
	uint64_t ns;

	if (!read_scaled(text, units, &ns))
		sf_die("%s is a duration such as 10s or 500ms, not '%s'", what, text);
	return ns;
}
