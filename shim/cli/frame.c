/* SPDX-License-Identifier: MIT
 *
 * frame.c -- whose frame of a stack is shown: the first that is neither libc's nor that of a function which only makes
 * the call for others (lines.h, sf_lines_own).
 */
#include <ctype.h>
#include <string.h>

#include "cli/lines.h"
#include "core/names.h"
#include "core/operation.h"

/* What stands around the name of a call where a function only makes it for others, and looks at the result once. */
static const char *const before[] = {"x", "my", "safe", "checked", "must", "wrapped", "wrap", "w"};
static const char *const behind[] = {"wrapper", "wrapped", "wrap", "checked", "safe", "ordie", "orexit", "orfail"};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Small letters alone: SafeWrite, safe_write and safewrite are one. */
static size_t plain(const char *name, char *to, size_t size)
{
	size_t length = 0;

	for (; *name && *name != '.' && length + 1 < size; name++) /* write.constprop.0 is write */
		if (*name != '_')
			to[length++] = (char)tolower((unsigned char)*name);
	to[length] = '\0';
	return length;
}

static bool is_call(const char *name, enum sf_operation operation)
{
	char call[64];

	for (unsigned i = 0; i < SF_FUNC_COUNT; i++)
		if (sf_func_rows[i].operation == operation && plain(sf_func_rows[i].name, call, sizeof call) &&
		    strcmp(name, call) == 0)
			return true;
	return false;
}

static bool is_wrapper(char *name, size_t length, enum sf_operation operation)
{
	if (is_call(name, operation))
		return true;
	for (size_t i = 0; i < COUNT(before); i++)
		if (strncmp(name, before[i], strlen(before[i])) == 0 && is_call(name + strlen(before[i]), operation))
			return true;
	for (size_t i = 0; i < COUNT(behind); i++) {
		size_t tail = strlen(behind[i]);

		if (length <= tail || strcmp(name + length - tail, behind[i]) != 0)
			continue;
		name[length - tail] = '\0';
		bool found = is_call(name, operation);

		name[length - tail] = behind[i][0];
		if (found)
			return true;
	}
	return false;
}

bool sf_is_wrapper(const char *function, const char *call)
{
	char name[64];
	int row = sf_func_find(call, strlen(call));

	/* A method is what the program is made of, whatever it is called. */
	if (!function || row < 0 || strchr(function, ':') || strlen(function) >= sizeof name)
		return false;
	return is_wrapper(name, plain(function, name, sizeof name), sf_func_rows[row].operation);
}

static bool is_of_libc(const struct sf_lines *lines, uint32_t site)
{
	static const char *const names[] = {"libc.so", "libc-2",    "libpthread",     "ld-linux",
	                                    "ld-musl", "libc.musl", "libsockfault.so"};
	const struct sf_reader *reader = sf_lines_reader(lines);
	const struct sf_site *record = sf_reader_site(reader, site);
	const struct sf_object *object = record ? sf_reader_object(reader, record->object) : NULL;
	const char *slash = object ? strrchr(object->path, '/') : NULL;
	const char *base = slash ? slash + 1 : object ? object->path : NULL;

	for (size_t i = 0; base && i < COUNT(names); i++)
		if (strncmp(base, names[i], strlen(names[i])) == 0)
			return true;
	return base == NULL;
}

/* The standard library of Rust is a part of each program, and none of what its author wrote. */
static bool is_of_runtime(const char *file)
{
	return file && (strncmp(file, "/rustc/", 7) == 0 || strncmp(file, "/usr/src/rustc-", 15) == 0 ||
	                strncmp(file, "/usr/lib/rustlib/", 17) == 0);
}

void sf_lines_want_own(struct sf_lines *lines, const uint32_t *stack, size_t count)
{
	size_t i = 0;

	while (i < count && is_of_libc(lines, stack[i]))
		i++;
	for (; i < count && !is_of_libc(lines, stack[i]); i++)
		sf_lines_want(lines, stack[i]);
	if (count)
		sf_lines_want(lines, stack[0]);
}

size_t sf_lines_own(
    const struct sf_lines *lines, const uint32_t *stack, size_t count, const char *call, const struct sf_line **level)
{
	size_t first = 0, n;

	while (first < count && is_of_libc(lines, stack[first]))
		first++;
	first = first < count ? first : 0;
	for (size_t i = first; i < count; i++) {
		const struct sf_line *levels;
		bool is_last = i + 1 == count || is_of_libc(lines, stack[i + 1]);

		n = sf_lines_of(lines, stack[i], &levels);
		for (size_t k = 0; k < n; k++) {
			*level = &levels[k];
			if ((is_last && k + 1 == n) || !(sf_is_wrapper(levels[k].function, call) || is_of_runtime(levels[k].file)))
				return i;
		}
		if (is_last)
			break;
	}
	n = count ? sf_lines_of(lines, stack[first], level) : 0;
	*level = n ? *level : NULL;
	return first;
}
