/* SPDX-License-Identifier: MIT
 *
 * tools.c -- small things that every file of the command needs: errors, text, colours, the nearest word.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

__attribute__((format(printf, 1, 0))) static void complain(const char *format, va_list list)
{
	fprintf(stderr, "sockfault: ");
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
}

void sf_warn(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	complain(format, list);
	va_end(list);
}

void sf_die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	complain(format, list);
	va_end(list);
	exit(SF_STATUS_TROUBLE);
}

void *sf_allocate(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		sf_die("out of memory");
	return memory;
}

char *sf_print(const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		sf_die("out of memory");
	va_end(list);
	return text;
}

bool sf_is_coloured(FILE *stream)
{
	const char *off = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return !(off && *off) && !(terminal && strcmp(terminal, "dumb") == 0) && isatty(fileno(stream));
}

char *sf_quote(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";

	if (*word && strspn(word, plain) == strlen(word))
		return sf_print("%s", word);
	char *quoted = sf_allocate(4 * strlen(word) + 3);
	char *to = quoted;

	*to++ = '\'';
	for (; *word; word++)
		if (*word == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *word;
	*to++ = '\'';
	return quoted;
}

/* Levenshtein's distance with swapped neighbours, of words shorter than 32 bytes. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][33];
	size_t width = strlen(b);

	if (strlen(a) > 32 || width > 32)
		return 99;
	for (size_t j = 0; j <= width; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned *now = row[i % 3], *above = row[(i + 2) % 3], *two_above = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= width; j++) {
			unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);

			best = above[j] + 1 < best ? above[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_above[j - 2] + 1 < best)
				best = two_above[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[strlen(a) % 3][width];
}

const char *sf_nearest(const char *word, const char *const *candidates, size_t count)
{
	unsigned best = (unsigned)strlen(word) / 3 + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		unsigned far = distance(word, candidates[i]);

		if (far <= best && far < strlen(candidates[i])) {
			best = far - (far > 0);
			nearest = candidates[i];
		}
	}
	return nearest;
}

char *sf_read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "re");
	size_t used = 0, room = 4096;
	char *text = sf_allocate(room);

	if (!file)
		sf_die("can't read %s: %s", path, strerror(errno));
	for (size_t n; (n = fread(text + used, 1, room - used - 1, file)) > 0;) {
		used += n;
		if (used + 1 == room && !(text = realloc(text, room *= 2)))
			sf_die("out of memory");
	}
	if (ferror(file))
		sf_die("can't read %s: %s", path, strerror(errno));
	fclose(file);
	text[used] = '\0';
	if (length)
		*length = used;
	return text;
}
