/* SPDX-License-Identifier: MIT
 *
 * parse.c -- the outer grammar: lines, comments, the directive, calls, and the order of a rule's parts. What is inside
 * the parts is read elsewhere (parser.h has the list).
 *
 * One pass over each line, no recursion, no allocation. The set is restored when a line is refused.
 */
#include <string.h>

#include "core/fault.h"
#include "core/near.h"
#include "core/parser.h"

/* ---- words ---- */

static void skip_blanks(struct sf_parser *p)
{
	while (p->at < p->end && sf_is_blank(*p->at))
		p->at++;
}

/* Behind a quote that follows '=': where its text ends. Anywhere else a quote is a byte like others. */
static const char *skip_quoted(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

/* Up to the next blank. */
static struct sf_span next_word(struct sf_parser *p)
{
	const char *from;

	skip_blanks(p);
	from = p->at;
	while (p->at < p->end && !sf_is_blank(*p->at)) {
		if (*p->at == '"' && p->at > from && p->at[-1] == '=')
			p->at = skip_quoted(p->at, p->end);
		else
			p->at++;
	}
	return (struct sf_span){from, (size_t)(p->at - from)};
}

/* The line without its comment. */
static const char *comment_of(struct sf_span line)
{
	const char *at = line.at, *end = line.at + line.length;

	while (at < end && *at != '#') {
		if (*at == '"' && at > line.at && at[-1] == '=')
			at = skip_quoted(at, end);
		else
			at++;
	}
	return at;
}

static bool is_rest_empty(struct sf_parser *p)
{
	skip_blanks(p);
	return p->at == p->end;
}

/* ---- calls ---- */

/* A word that is no operation: most often the name of a function. */
static bool refuse_call(struct sf_parser *p, struct sf_span word)
{
	struct sf_near near = sf_near_to(word.at, word.length);
	int func = sf_func_find(word.at, word.length);

	if (func >= 0 && sf_func_rows[func].operation >= SF_OPERATION_RULED)
		return sf_refuse(p, word, "%.*s is only recorded; no rule can meet it", SF_WORD(word));
	if (func >= 0)
		return sf_refuse(
		    p, word, "'%.*s' is a function; calls are operations: write %s func=%.*s", SF_WORD(word),
		    sf_operation_words[sf_func_rows[func].operation], SF_WORD(word));
	if (sf_fault_find(word.at, word.length) >= 0)
		return sf_refuse(p, word, "a rule begins with the calls that it is for, such as recv: %.*s", SF_WORD(word));
	if (sf_span_find(word, "=") < word.length)
		return sf_refuse(p, word, "a rule begins with the calls that it is for, such as recv or any; then conditions");
	if (sf_span_is(word, "receive"))
		return sf_refuse(p, word, "unknown call 'receive'; did you mean recv?");
	sf_near_offer_all(&near, sf_operation_words, SF_OPERATION_RULED);
	sf_near_offer(&near, "any");
	sf_near_offer(&near, "seed");
	if (sf_near_found(&near))
		return sf_refuse(p, word, "unknown call '%.*s'; did you mean %s?", SF_WORD(word), sf_near_found(&near));
	return sf_refuse(
	    p, word, "unknown call '%.*s'; expected one such as connect, send, recv or any (see sockfault list calls)",
	    SF_WORD(word));
}

static bool read_call(struct sf_parser *p, struct sf_span word)
{
	struct sf_rule *rule = p->rule;
	int operation = sf_operation_find(word.at, word.length);

	if (sf_span_is(word, "any")) {
		if (rule->operations)
			return sf_refuse(p, word, "'any' has all calls in it already; it stands alone");
		rule->any = 1;
		rule->operations = SF_ANY_OPERATION;
		return true;
	}
	if (operation < 0)
		return refuse_call(p, word);
	if (rule->any)
		return sf_refuse(p, word, "'any' has all calls in it already; it stands alone");
	if (rule->operations & SF_BIT(operation))
		return sf_refuse(p, word, "%.*s is named twice", SF_WORD(word));
	rule->operations |= SF_BIT(operation);
	p->call[operation] = word;
	return true;
}

/* Calls end at a blank or colon that no comma follows. */
static bool read_calls(struct sf_parser *p)
{
	const char *from = p->at;

	for (;;) {
		struct sf_span word = {p->at, 0};

		while (p->at < p->end && !sf_is_blank(*p->at) && *p->at != ',' && *p->at != ':')
			p->at++;
		word.length = (size_t)(p->at - word.at);
		if (word.length == 0)
			return sf_refuse(
			    p, (struct sf_span){word.at < p->end ? word.at : word.at - 1, 1},
			    p->rule->operations ? "a call is missing beside ','"
			                        : "a rule begins with the calls that it is for, such as recv or any");
		if (!read_call(p, word))
			return false;
		p->calls = (struct sf_span){from, (size_t)(p->at - from)};
		skip_blanks(p);
		if (p->at == p->end || *p->at != ',')
			return true;
		p->at++;
		skip_blanks(p);
	}
}

/* ---- conditions and the colon ---- */

static bool refuse_missing_colon(struct sf_parser *p, struct sf_span word)
{
	struct sf_near near = sf_near_to(word.at, word.length);

	if (word.at[0] == ':')
		return sf_refuse(p, sf_span_first(word, 1), "put a blank behind the ':'");
	if (sf_fault_find(word.at, word.length) >= 0)
		return sf_refuse(p, word, "a ':' is missing before the action '%.*s'", SF_WORD(word));
	if (sf_operation_find(word.at, word.length) >= 0)
		return sf_refuse(p, word, "a ',' is missing between calls, before '%.*s'", SF_WORD(word));
	sf_near_offer_all(&near, sf_condition_words, SF_CONDITION_COUNT);
	if (sf_near_found(&near))
		return sf_refuse(
		    p, word, "a condition is written KEY=VALUE, such as %s",
		    sf_condition_rows[sf_condition_find(sf_near_found(&near), strlen(sf_near_found(&near)))].example);
	return sf_refuse(
	    p, word, "expected a condition KEY=VALUE or the ':' before the actions, not '%.*s'", SF_WORD(word));
}

/* Behind the last word. */
static struct sf_span end_of_line(struct sf_parser *p)
{
	const char *end = p->end;

	while (end > p->line.at && sf_is_blank(end[-1]))
		end--;
	return (struct sf_span){end, 1};
}

/* Conditions up to the colon, which stands alone or ends one of them. */
static bool read_conditions(struct sf_parser *p)
{
	for (;;) {
		struct sf_span word = next_word(p);
		bool is_last = word.length && word.at[word.length - 1] == ':';

		if (word.length == 0)
			return sf_refuse(p, end_of_line(p), "a ':' and an action are missing here, as in: recv nth=3: reset");
		if (sf_span_is(word, ":"))
			return true;
		if (sf_span_find(word, "=") == word.length)
			return refuse_missing_colon(p, is_last ? sf_span_first(word, word.length - 1) : word);
		if (!sf_condition_read(p, is_last ? sf_span_first(word, word.length - 1) : word))
			return false;
		if (is_last)
			return true;
	}
}

/* The conditions of -s, which every rule gets. */
static bool read_extra(struct sf_parser *p)
{
	if (!p->extra.at)
		return true;
	p->at = p->extra.at;
	p->end = comment_of(p->extra);
	while (!is_rest_empty(p)) {
		struct sf_span word = next_word(p);

		if (sf_span_find(word, "=") == word.length)
			return sf_refuse(p, word, "expected a condition KEY=VALUE, not '%.*s'", SF_WORD(word));
		if (!sf_condition_read(p, word))
			return false;
	}
	return true;
}

/* ---- lines ---- */

static bool read_seed(struct sf_parser *p)
{
	struct sf_span word = next_word(p);
	uint64_t seed;

	if (word.length == 0 || !is_rest_empty(p))
		return sf_refuse(p, word.length ? (struct sf_span){p->at, 1} : p->calls, "a seed is one number: seed 7");
	if (p->seed_line)
		return sf_refuse(p, p->calls, "the seed is given twice; line %u has one", p->seed_line);
	if (!sf_scan_number(p, word, &seed))
		return false;
	p->seed_line = p->number;
	if (p->set->seed_given < 2) {
		p->set->seed = seed;
		p->set->seed_given = 1;
	}
	return true;
}

static void begin_rule(struct sf_parser *p)
{
	p->rule = &p->set->rules[p->set->count];
	memset(p->rule, 0, sizeof *p->rule);
	memset(p->condition, 0, sizeof p->condition);
	memset(p->call, 0, sizeof p->call);
	p->rule->line = p->number;
	p->rule->column = (uint32_t)(p->at - p->line.at) + 1;
	p->rule->source = p->source_text;
	p->rule->chance = SF_CHANCE_ONE;
	p->rule->times = UINT64_MAX;
	p->rule->nth = (struct sf_range){1, UINT64_MAX};
	p->rule->nth_step = 1;
	p->rule->conn_slot = p->rule->scope_slot = SF_NO_SLOT;
}

static bool read_rule(struct sf_parser *p)
{
	if (p->set->count == SF_RULES_MAX)
		return sf_refuse(p, (struct sf_span){p->at, 1}, "too many rules; a run has at most %u", SF_RULES_MAX);
	begin_rule(p);
	if (!read_calls(p))
		return false;
	if (p->at < p->end && *p->at == ':' && p->at + 1 < p->end && !sf_is_blank(p->at[1]))
		return sf_refuse(p, (struct sf_span){p->at, 1}, "put a blank behind the ':'");
	if (!read_conditions(p) || !sf_actions_read(p) || !read_extra(p))
		return false;
	if (!sf_rule_settle(p) || sf_rule_is_hidden(p))
		return false;
	p->set->count++;
	return true;
}

static bool read_line(struct sf_parser *p)
{
	struct sf_span first;

	p->at = p->line.at;
	p->end = comment_of(p->line);
	if (is_rest_empty(p))
		return true;
	const char *from = p->at;

	first = next_word(p);
	p->calls = first;
	if (sf_span_is(first, "seed"))
		return read_seed(p);
	if (first.length > 4 && memcmp(first.at, "seed", 4) == 0 && (first.at[4] == '=' || first.at[4] == ':'))
		return sf_refuse(p, first, "the seed is written: seed 7");
	p->at = from;
	return read_rule(p);
}

/* Bytes that an editor puts before the text. */
static size_t mark_length(const char *text, size_t length)
{
	return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static bool read_lines(struct sf_parser *p, const char *text, size_t length)
{
	for (size_t at = mark_length(text, length); at < length;) {
		const char *newline = memchr(text + at, '\n', length - at);
		size_t end = newline ? (size_t)(newline - text) : length;

		p->number++;
		p->line = (struct sf_span){text + at, end - at};
		if (!read_line(p))
			return false;
		at = end + 1;
	}
	return true;
}

bool sf_parse(
    struct sf_ruleset *set, const char *source, const char *text, size_t length, const char *extra,
    struct sf_diagnostic *why)
{
	struct sf_parser p = {.set = set, .why = why, .source = source, .number = 0};
	struct {
		uint64_t seed;
		uint32_t seed_given, count, text_used, site_count;
	} before = {set->seed, set->seed_given, set->count, set->text_used, set->site_count};

	memset(why, 0, sizeof *why);
	if (extra)
		p.extra = (struct sf_span){extra, strlen(extra)};
	p.line = (struct sf_span){text, 0};
	if (sf_pool_add(&p, p.line, source, strlen(source), &p.source_text) && read_lines(&p, text, length))
		return true;
	set->seed = before.seed;
	set->seed_given = before.seed_given;
	set->count = before.count;
	set->text_used = before.text_used;
	set->site_count = before.site_count;
	return false;
}
