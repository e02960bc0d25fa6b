/* SPDX-License-Identifier: MIT
 *
 * scan.c -- single values: numbers, sizes, durations, percentages, ranges and texts. Each says what it would have
 * taken.
 */
#include <string.h>

#include "core/parser.h"

bool sf_span_is(struct sf_span span, const char *word)
{
	return strlen(word) == span.length && memcmp(span.at, word, span.length) == 0;
}

size_t sf_span_find(struct sf_span span, const char *what)
{
	size_t length = strlen(what);

	for (size_t i = 0; i + length <= span.length; i++)
		if (memcmp(span.at + i, what, length) == 0)
			return i;
	return span.length;
}

struct sf_span sf_span_item(struct sf_span *list)
{
	size_t length = sf_span_find(*list, ",");
	struct sf_span item = sf_span_first(*list, length);

	*list = sf_span_from(*list, length < list->length ? length + 1 : length);
	return item;
}

/* The digits at the beginning of a word; *rest is what follows them. */
static bool digits(struct sf_parser *p, struct sf_span word, uint64_t *value, struct sf_span *rest)
{
	size_t i = 0;

	for (*value = 0; i < word.length && sf_is_digit(word.at[i]); i++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(word.at[i] - '0'), value))
			return sf_refuse(p, word, "'%.*s' is too large", SF_WORD(word));
	*rest = sf_span_from(word, i);
	if (i == 0 && word.length && word.at[0] == '-')
		return sf_refuse(p, word, "'%.*s' is negative; expected a number from 0 on", SF_WORD(word));
	if (i == 0)
		return sf_refuse(p, word, "expected a number, not '%.*s'", SF_WORD(word));
	if (rest->length >= 2 && rest->at[0] == '.' && sf_is_digit(rest->at[1]))
		return sf_refuse(
		    p, word, "'%.*s' is a fraction; expected a whole number, of a smaller unit if need be", SF_WORD(word));
	return true;
}

bool sf_scan_number(struct sf_parser *p, struct sf_span word, uint64_t *value)
{
	struct sf_span rest = {0};

	if (!digits(p, word, value, &rest))
		return false;
	return rest.length == 0 || sf_refuse(p, word, "expected a number, not '%.*s'", SF_WORD(word));
}

static bool scale(struct sf_parser *p, struct sf_span word, uint64_t factor, uint64_t *value)
{
	if (__builtin_mul_overflow(*value, factor, value))
		return sf_refuse(p, word, "'%.*s' is too large", SF_WORD(word));
	return true;
}

bool sf_scan_size(struct sf_parser *p, struct sf_span word, uint64_t *value)
{
	struct sf_span unit;

	if (!digits(p, word, value, &unit))
		return false;
	if (unit.length == 0 || sf_span_is(unit, "B"))
		return true;
	if (sf_span_is(unit, "KiB"))
		return scale(p, word, 1024, value);
	if (sf_span_is(unit, "MiB"))
		return scale(p, word, 1024 * 1024, value);
	return sf_refuse(p, unit, "unknown unit '%.*s'; sizes take B, KiB or MiB", SF_WORD(unit));
}

bool sf_scan_duration(struct sf_parser *p, struct sf_span word, uint64_t *value)
{
	struct sf_span unit;

	if (!digits(p, word, value, &unit))
		return false;
	if (unit.length == 0)
		return sf_refuse(
		    p, word, "a duration needs a unit: %.*sus, %.*sms or %.*ss", SF_WORD(word), SF_WORD(word), SF_WORD(word));
	if (sf_span_is(unit, "us"))
		return scale(p, word, 1000, value);
	if (sf_span_is(unit, "ms"))
		return scale(p, word, 1000000, value);
	if (sf_span_is(unit, "s"))
		return scale(p, word, 1000000000, value);
	return sf_refuse(p, unit, "unknown unit '%.*s'; durations take us, ms or s", SF_WORD(unit));
}

/* Hundredths and finer: "12.5%". *value in parts of a million; *rest is what follows the number. */
static bool decimal(struct sf_parser *p, struct sf_span word, uint64_t *value, struct sf_span *rest)
{
	size_t i = 0, scale_left = 4;
	bool point = false;

	for (*value = 0; i < word.length; i++) {
		char c = word.at[i];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (!sf_is_digit(c))
			break;
		if (point && scale_left-- == 0)
			return sf_refuse(p, word, "'%.*s' is too fine; a percentage has at most 4 decimals", SF_WORD(word));
		*value = *value * 10 + (uint64_t)(c - '0');
		if (*value > UINT32_MAX)
			return sf_refuse(p, word, "'%.*s' is more than 100%%", SF_WORD(word));
	}
	for (; scale_left; scale_left--)
		*value *= 10;
	*rest = sf_span_from(word, i);
	return true;
}

bool sf_scan_percent(struct sf_parser *p, struct sf_span word, uint64_t *value)
{
	struct sf_span rest;

	if (word.length == 0 || !sf_is_digit(word.at[0]))
		return sf_refuse(p, word, "expected a percentage such as 20%%, not '%.*s'", SF_WORD(word));
	if (!decimal(p, word, value, &rest))
		return false;
	if (rest.length == 0 && *value <= SF_CHANCE_ONE / 100 && word.length > 1)
		return sf_refuse(
		    p, word, "expected a percentage: %llu%%, not a fraction of 1", (unsigned long long)*value / 100);
	if (rest.length == 0)
		return sf_refuse(p, word, "a percentage ends in '%%': %.*s%%", SF_WORD(word));
	if (!sf_span_is(rest, "%"))
		return sf_refuse(p, word, "expected a percentage such as 20%%, not '%.*s'", SF_WORD(word));
	return *value <= SF_CHANCE_ONE || sf_refuse(p, word, "'%.*s' is more than 100%%", SF_WORD(word));
}

/* Other people's ways to write a range. */
static bool refuse_foreign_range(struct sf_parser *p, struct sf_span word)
{
	size_t dash = sf_span_find(word, "-");
	struct sf_span last = sf_span_from(word, dash < word.length ? dash + 1 : dash);

	if (sf_span_find(word, "...") < word.length)
		return sf_refuse(p, word, "a range is written with two dots, not three");
	if (dash > 0 && last.length)
		return sf_refuse(p, word, "a range is written with two dots: %.*s..%.*s", (int)dash, word.at, SF_WORD(last));
	return true;
}

static bool range_end(struct sf_parser *p, struct sf_span word, sf_scan *scan, uint64_t lowest, uint64_t *value)
{
	if (word.length == 0)
		return true;
	if (!scan(p, word, value))
		return false;
	if (*value < lowest)
		return sf_refuse(p, word, "counting begins with %llu, not %.*s", (unsigned long long)lowest, SF_WORD(word));
	return true;
}

bool sf_scan_range(struct sf_parser *p, struct sf_span word, sf_scan *scan, uint64_t lowest, struct sf_range *range)
{
	size_t dots = sf_span_find(word, "..");
	struct sf_span low = sf_span_first(word, dots);
	struct sf_span high = sf_span_from(word, dots < word.length ? dots + 2 : dots);

	if (!refuse_foreign_range(p, word))
		return false;
	if (low.length == 0 && high.length == 0)
		return sf_refuse(p, word, "a range needs at least one end: 3.., ..5 or 3..5");
	*range = (struct sf_range){lowest, UINT64_MAX};
	if (!range_end(p, low, scan, lowest, &range->low))
		return false;
	if (dots == word.length)
		range->high = range->low;
	else if (!range_end(p, high, scan, lowest, &range->high))
		return false;
	if (range->low > range->high)
		return sf_refuse(
		    p, word, "the range is empty: %.*s is more than %.*s; write %.*s..%.*s", SF_WORD(low), SF_WORD(high),
		    SF_WORD(high), SF_WORD(low));
	return true;
}

/* ---- texts ---- */

bool sf_pool_add(struct sf_parser *p, struct sf_span where, const char *bytes, size_t length, struct sf_text *text)
{
	struct sf_ruleset *set = p->set;

	if (length > sizeof set->text - set->text_used)
		return sf_refuse(
		    p, where, "too much text: all names and data of the rules together have %u bytes", SF_TEXT_MAX);
	*text = (struct sf_text){set->text_used, (uint32_t)length};
	memcpy(set->text + set->text_used, bytes, length);
	set->text_used += (uint32_t)length;
	return true;
}

static int hex(char c)
{
	if (sf_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The escape at the beginning of a span: its byte, or -1; *used is its length. */
static int escape(struct sf_span span, size_t *used)
{
	*used = 2;
	if (span.length < 2)
		return -1;
	if (span.at[1] == '\\' || span.at[1] == '"')
		return span.at[1];
	*used = 4;
	if (span.at[1] != 'x' || span.length < 4 || hex(span.at[2]) < 0 || hex(span.at[3]) < 0)
		return -1;
	return hex(span.at[2]) * 16 + hex(span.at[3]);
}

/* Between the quotes. Grows the text byte by byte at the end of the pool. */
static bool unquote(struct sf_parser *p, struct sf_span inner, struct sf_text *text)
{
	while (inner.length) {
		struct sf_text added;
		size_t used = 1;
		int c = inner.at[0] == '\\' ? escape(inner, &used) : (unsigned char)inner.at[0];
		char byte = (char)c;

		if (c < 0)
			return sf_refuse(
			    p, sf_span_first(inner, inner.length < 2 ? 1 : 2),
			    "an escape is \\xNN, \\\\ or \\\", as in \"\\x0d\\x0a\"");
		if (!sf_pool_add(p, inner, &byte, 1, &added))
			return false;
		text->length++;
		inner = sf_span_from(inner, used);
	}
	return true;
}

/* Offset of the closing quote, or span.length. */
static size_t closing_quote(struct sf_span span)
{
	for (size_t i = 1; i < span.length; i++) {
		if (span.at[i] == '"')
			return i;
		if (span.at[i] == '\\')
			i++;
	}
	return span.length;
}

bool sf_scan_text(struct sf_parser *p, struct sf_span word, struct sf_text *text)
{
	size_t close;

	if (word.at[0] != '"')
		return sf_pool_add(p, word, word.at, word.length, text);
	close = closing_quote(word);
	if (close >= word.length)
		return sf_refuse(p, word, "the closing '\"' is missing");
	if (close + 1 < word.length)
		return sf_refuse(p, sf_span_from(word, close + 1), "expected a blank after the closing '\"'");
	*text = (struct sf_text){p->set->text_used, 0};
	if (!unquote(p, sf_span_from(sf_span_first(word, close), 1), text))
		return false;
	return text->length || sf_refuse(p, word, "an empty text can never be met");
}
