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
#include "core/near.h"

char *sf_trouble;
size_t sf_trouble_size;

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

void sf_trouble_note(const char *format, ...)
{
	va_list list;

	if (!sf_trouble || *sf_trouble)
		return;
	va_start(list, format);
	vsnprintf(sf_trouble, sf_trouble_size, format, list);
	va_end(list);
}

void sf_die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	complain(format, list);
	va_end(list);
	va_start(list, format);
	if (sf_trouble && !*sf_trouble)
		vsnprintf(sf_trouble, sf_trouble_size, format, list);
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

const char *sf_nearest(const char *word, const char *const *candidates, size_t count)
{
	struct sf_near near = sf_near_to(word, strlen(word));

	sf_near_offer_all(&near, candidates, count);
	return sf_near_found(&near);
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
