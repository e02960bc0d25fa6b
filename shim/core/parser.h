/* SPDX-License-Identifier: MIT
 *
 * parser.h -- what the files of the parser share: the state of one sf_parse(), and the readers of single values.
 *
 *   parse.c      lines, calls and the order of things
 *   condition.c  KEY=VALUE            scan.c     numbers, sizes, durations, ranges, texts
 *   address.c    peer=, local=        action.c   KIND ARGUMENT
 *   sense.c      what a rule that was read can't mean: it is refused, or narrowed to the calls that it can meet
 *   shadow.c     a rule that an earlier one always hides
 *
 * Every reader returns true, or false after sf_refuse() has filled the diagnostic. Nothing is allocated.
 */
#ifndef SF_CORE_PARSER_H
#define SF_CORE_PARSER_H

#include "core/parse.h"

/* Longer waits are mistakes, and would overflow what adds them to a clock. */
#define SF_LONGEST_NS UINT64_C(1000000000000000000)

/* Some bytes of the text that is parsed: a word to look at, and to underline where it is wrong. */
struct sf_span {
	const char *at;
	size_t length;
};

struct sf_parser {
	struct sf_ruleset *set;
	struct sf_diagnostic *why;
	const char *source;
	struct sf_text source_text;
	struct sf_span line;  /* as it is in the file */
	struct sf_span extra; /* conditions of -s */
	uint32_t number;      /* of the line */
	uint32_t seed_line;   /* 0: no seed yet */
	const char *at, *end; /* what is left to read of the line, or of extra */
	struct sf_rule *rule;

	/* Where the words of the rule were written. */
	struct sf_span calls;
	struct sf_span call[SF_OPERATION_COUNT];
	struct sf_span condition[SF_CONDITION_COUNT];
	struct sf_span action[SF_ACTIONS_MAX];
};

/* Printf arguments of a word for %.*s: long ones are cut. */
#define SF_WORD(span) (int)((span).length < 48 ? (span).length : 48), (span).at

/* Fills the diagnostic, underlining `where`, which lies in the line or in extra. Always false. */
bool sf_refuse(struct sf_parser *p, struct sf_span where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline struct sf_span sf_span_from(struct sf_span span, size_t skip)
{
	return (struct sf_span){span.at + skip, span.length - skip};
}

static inline struct sf_span sf_span_first(struct sf_span span, size_t length)
{
	return (struct sf_span){span.at, length};
}

bool sf_span_is(struct sf_span span, const char *word);
/* Offset of the first occurrence, or span.length. */
size_t sf_span_find(struct sf_span span, const char *what);
/* The part up to a comma; takes it and the comma from *list. */
struct sf_span sf_span_item(struct sf_span *list);
static inline bool sf_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
static inline bool sf_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- scan.c ---- */

typedef bool sf_scan(struct sf_parser *p, struct sf_span word, uint64_t *value);

bool sf_scan_number(struct sf_parser *p, struct sf_span word, uint64_t *value);
bool sf_scan_size(struct sf_parser *p, struct sf_span word, uint64_t *value);
bool sf_scan_duration(struct sf_parser *p, struct sf_span word, uint64_t *value);
bool sf_scan_percent(struct sf_parser *p, struct sf_span word, uint64_t *value);

/* A, A.., ..B or A..B; an end that is left out is `lowest` or UINT64_MAX, and none may be lower than `lowest`. */
bool sf_scan_range(struct sf_parser *p, struct sf_span word, sf_scan *scan, uint64_t lowest, struct sf_range *range);

/* Text into the pool: as it stands, or between double quotes with \\, \" and \xNN. */
bool sf_scan_text(struct sf_parser *p, struct sf_span word, struct sf_text *text);
bool sf_pool_add(struct sf_parser *p, struct sf_span where, const char *bytes, size_t length, struct sf_text *text);

/* ---- condition.c ---- */

struct sf_condition_row {
	bool (*read)(struct sf_parser *p, struct sf_span value);
	uint32_t operations; /* that have it */
	const char *lacks;   /* "poll has no ..." */
	const char *example; /* "nth=3.." */
	bool is_text;        /* the value may hold any byte, colons too */
};
extern const struct sf_condition_row sf_condition_rows[SF_CONDITION_COUNT];

int sf_condition_find(const char *word, size_t length);

/* One KEY=VALUE. */
bool sf_condition_read(struct sf_parser *p, struct sf_span word);

/* Of the operations, those to which this condition of the rule can apply. */
uint32_t sf_condition_operations(const struct sf_rule *rule, enum sf_condition condition);

/* ---- address.c ---- */

bool sf_address_read(struct sf_parser *p, struct sf_span value, struct sf_address *address);
/* A name that only resolve can be asked for: no address of a socket. */
bool sf_address_is_name(const struct sf_address *address);
/* Nothing but a host, so that it may be what resolve was asked for. */
bool sf_address_is_host(const struct sf_address *address);

/* ---- action.c ---- */

/* What follows the colon, to the end of the line. */
bool sf_actions_read(struct sf_parser *p);

/* ---- sense.c, shadow.c ---- */

/* Of the operations, those on which this action can do anything. */
uint32_t sf_action_operations(const struct sf_rule *rule, const struct sf_action *action);
/* Families and types of socket that the rule and its faults can meet, as bits. */
uint8_t sf_rule_families(const struct sf_rule *rule);
uint8_t sf_rule_types(const struct sf_rule *rule);
/* The same as SF_ON_ bits, for one operation. */
uint8_t sf_rule_on(const struct sf_rule *rule, enum sf_operation operation);

/* Narrows the operations to those that all conditions and actions can apply to, or refuses the rule. */
bool sf_rule_settle(struct sf_parser *p);
/* Refuses the rule where an earlier one decides all of its calls: then true. */
bool sf_rule_is_hidden(struct sf_parser *p);

/* "connect, accept and send", at most size bytes; last is "and" or "or". Gives buffer. */
const char *sf_operations_text(uint32_t operations, const char *last, char *buffer, size_t size);

#endif
