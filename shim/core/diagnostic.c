/* SPDX-License-Identifier: MIT
 *
 * diagnostic.c -- one error as data, and as it is shown: the place, the sentence, the line and a caret below the word.
 * What was read may be hostile: only printable bytes leave this file.
 */
#include <stdarg.h>
#include <string.h>

#include "core/append.h"
#include "core/parser.h"

/* Bytes of a long line that are kept before the word in question. */
#define LEAD 60

static void print_only(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		text[i] = c == '\t' ? ' ' : c < ' ' || c > '~' ? '?' : (char)c;
	}
}

static size_t fill(char *buffer, size_t size, const char *bytes, size_t length)
{
	size_t kept = length < size - 1 ? length : size - 1;

	memcpy(buffer, bytes, kept);
	print_only(buffer, kept);
	buffer[kept] = '\0';
	return kept;
}

static bool lies_in(struct sf_span inner, struct sf_span outer)
{
	return outer.at && inner.at >= outer.at && inner.at <= outer.at + outer.length;
}

/* The line, or its part around the word where it is too long. */
static void quote_line(struct sf_diagnostic *why, struct sf_span line, struct sf_span where)
{
	size_t offset = (size_t)(where.at - line.at);
	size_t skip = offset > sizeof why->text - LEAD ? offset - LEAD : 0;
	size_t kept = fill(why->text, sizeof why->text, line.at + skip, line.length - skip);
	size_t room = kept > offset - skip ? kept - (offset - skip) : 1;
	size_t width = where.length ? where.length : 1;

	why->text_skip = (uint32_t)skip;
	why->column = (uint32_t)(offset + 1);
	why->width = (uint32_t)(width < room ? width : room);
}

bool sf_refuse(struct sf_parser *p, struct sf_span where, const char *format, ...)
{
	struct sf_diagnostic *why = p->why;
	struct sf_append message = sf_append_to(why->message, sizeof why->message);
	bool is_extra = lies_in(where, p->extra);
	const char *source = is_extra ? "-s" : p->source;
	va_list list;

	va_start(list, format);
	sf_append_list(&message, format, list);
	va_end(list);
	sf_append_end(&message);
	print_only(why->message, strlen(why->message));
	fill(why->source, sizeof why->source, source, strlen(source));
	why->line = is_extra ? 1 : p->number;
	quote_line(why, is_extra ? p->extra : p->line, where);
	return false;
}

size_t sf_diagnostic_print(const struct sf_diagnostic *why, char *buffer, size_t size)
{
	struct sf_append out = sf_append_to(buffer, size);
	uint32_t indent = why->column - 1 - why->text_skip;

	sf_append_format(&out, "%s:%u:%u: %s\n", why->source, why->line, why->column, why->message);
	sf_append_format(&out, "    %s\n    ", why->text);
	for (uint32_t i = 0; i < indent && i < sizeof why->text; i++)
		sf_append_text(&out, " ");
	sf_append_text(&out, "^");
	for (uint32_t i = 1; i < why->width && i < sizeof why->text; i++)
		sf_append_text(&out, "~");
	sf_append_text(&out, "\n");
	return sf_append_end(&out);
}
