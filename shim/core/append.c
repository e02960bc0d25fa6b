/* SPDX-License-Identifier: MIT
 *
 * append.c -- the little of snprintf that core needs. Never writes past the buffer, whatever it is given.
 */
#include "core/append.h"

#include <stdarg.h>
#include <string.h>

void sf_append_bytes(struct sf_append *out, const char *bytes, size_t length)
{
	if (out->used < out->size) {
		size_t room = out->size - out->used;

		memcpy(out->buffer + out->used, bytes, length < room ? length : room);
	}
	out->used += length;
}

void sf_append_text(struct sf_append *out, const char *text)
{
	sf_append_bytes(out, text, strlen(text));
}

void sf_append_number(struct sf_append *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	sf_append_bytes(out, digits + at, sizeof digits - at);
}

/* One conversion, from the byte after the '%'; the byte after the conversion. */
static const char *convert(struct sf_append *out, const char *at, va_list *list)
{
	char c;

	switch (*at) {
	case 's':
		sf_append_text(out, va_arg(*list, const char *));
		return at + 1;
	case '.': { /* .*s */
		size_t length = (size_t)va_arg(*list, int);

		sf_append_bytes(out, va_arg(*list, const char *), length);
		return at + 3;
	}
	case 'c':
		c = (char)va_arg(*list, int);
		break;
	case 'u':
		sf_append_number(out, va_arg(*list, unsigned));
		return at + 1;
	case 'l': /* llu */
		sf_append_number(out, va_arg(*list, unsigned long long));
		return at + 3;
	default:
		c = *at;
		break;
	}
	sf_append_bytes(out, &c, 1);
	return at + 1;
}

void sf_append_list(struct sf_append *out, const char *format, va_list list)
{
	va_list copy; /* a va_list parameter can't be passed on by address on every machine */

	va_copy(copy, list);
	while (*format) {
		size_t plain = strcspn(format, "%");

		sf_append_bytes(out, format, plain);
		format += plain;
		if (*format)
			format = convert(out, format + 1, &copy);
	}
	va_end(copy);
}

void sf_append_format(struct sf_append *out, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	sf_append_list(out, format, list);
	va_end(list);
}

size_t sf_append_end(struct sf_append *out)
{
	if (out->size)
		out->buffer[out->used < out->size ? out->used : out->size - 1] = 0;
	return out->used;
}
