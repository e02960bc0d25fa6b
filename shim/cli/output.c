/* SPDX-License-Identifier: MIT
 *
 * output.c -- the pieces of output.h. Knows nothing of events.
 */
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

struct sf_output *sf_output_new(int fd)
{
	struct sf_output *out = malloc(sizeof *out);

	if (!out)
		sf_die("out of memory");
	out->fd = fd;
	out->closed = false;
	out->used = 0;
	return out;
}

static void write_all(struct sf_output *out, const char *bytes, size_t length)
{
	while (length > 0 && !out->closed && out->fd >= 0) {
		ssize_t written = write(out->fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			out->closed = true;
			return;
		}
		bytes += written;
		length -= (size_t)written;
	}
}

void sf_output_flush(struct sf_output *out)
{
	if (out->fd < 0)
		return;
	write_all(out, out->buffer, out->used);
	out->used = 0;
}

void sf_put_slow(struct sf_output *out, const char *bytes, size_t length)
{
	sf_output_flush(out);
	if (length <= SF_OUTPUT_SIZE - out->used)
		sf_put(out, bytes, length);
	else
		write_all(out, bytes, length);
}

void sf_put_number(struct sf_output *out, uint64_t number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	                            "8081828384858687888990919293949596979899";
	char digits[20];
	size_t at = sizeof digits;

	for (; number >= 10; number /= 100) {
		at -= 2;
		memcpy(digits + at, pairs + number % 100 * 2, 2);
	}
	if (number || at == sizeof digits)
		digits[--at] = (char)('0' + number);
	sf_put(out, digits + at, sizeof digits - at);
}

void sf_put_signed(struct sf_output *out, int64_t number)
{
	if (number < 0)
		sf_put(out, "-", 1);
	sf_put_number(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void sf_put_hex(struct sf_output *out, uint64_t number, int least)
{
	char digits[16];
	int at = 16;

	do
		digits[--at] = "0123456789abcdef"[number % 16];
	while ((number /= 16) || 16 - at < least);
	sf_put(out, digits + at, (size_t)(16 - at));
}

/* Bytes of the UTF-8 character at `text`; 0: it is none. As RFC 3629: no surrogates, nothing overlong, at most
 * U+10FFFF. */
static size_t character(const unsigned char *text, size_t left)
{
	static const struct {
		unsigned char low, high, second_low, second_high, length;
	} rows[] = {
	    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (text[0] < rows[i].low || text[0] > rows[i].high)
			continue;
		if (left < rows[i].length || text[1] < rows[i].second_low || text[1] > rows[i].second_high)
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

/* Bytes from here that may be shown as they are; 0: this one may not. */
static size_t plain(const unsigned char *text, size_t left)
{
	if (text[0] < 0x80)
		return text[0] == '\t' || (text[0] >= 0x20 && text[0] != 0x7f);
	if (text[0] == 0xc2 && left > 1 && text[1] < 0xa0) /* the control characters of ISO 6429 */
		return 0;
	return character(text, left);
}

void sf_make_plain(char *text, size_t length)
{
	for (size_t at = 0, step; at < length; at += step ? step : 1) {
		step = plain((const unsigned char *)text + at, length - at);
		if (!step)
			text[at] = '?';
	}
}

void sf_put_plain(struct sf_output *out, const char *text, size_t length)
{
	size_t from = 0;

	for (size_t at = 0, step; at < length; at += step ? step : 1) {
		step = plain((const unsigned char *)text + at, length - at);
		if (step)
			continue;
		sf_put(out, text + from, at - from);
		sf_put(out, "?", 1);
		from = at + 1;
	}
	sf_put(out, text + from, length - from);
}

static void put_escaped(struct sf_output *out, unsigned char byte)
{
	const char *found = byte ? strchr("\"\"\\\\\bb\ff\nn\rr\tt", byte) : NULL;

	if (byte >= 0x80) {
		sf_put(out, "\\ufffd", 6);
	} else if (found) {
		sf_put(out, "\\", 1);
		sf_put(out, found + 1, 1);
	} else {
		sf_put(out, "\\u00", 4);
		sf_put_hex(out, byte, 2);
	}
}

void sf_put_json(struct sf_output *out, const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t from = 0, at = 0;

	sf_put(out, "\"", 1);
	while (at < length) {
		size_t step = 1;

		if (bytes[at] >= 0x80)
			step = character(bytes + at, length - at);
		else if (bytes[at] < 0x20 || bytes[at] == '"' || bytes[at] == '\\' || bytes[at] == 0x7f)
			step = 0;
		if (step) {
			at += step;
			continue;
		}
		sf_put(out, text + from, at - from);
		put_escaped(out, bytes[at]);
		from = ++at;
	}
	sf_put(out, text + from, at - from);
	sf_put(out, "\"", 1);
}
