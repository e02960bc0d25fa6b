/* SPDX-License-Identifier: MIT
 *
 * print.c -- rules as text of the scenario language, in one canonical form: what is printed and parsed again is an
 * equal rule, and prints the same. Conditions stand in the order of SF_CONDITIONS, numbers in the largest unit that is
 * exact.
 */
#include <string.h>

#include "core/fault.h"
#include "core/names.h"
#include "core/print.h"

void sf_append_size(struct sf_append *out, uint64_t bytes)
{
	if (bytes && bytes % (1024 * 1024) == 0)
		sf_append_format(out, "%lluMiB", (unsigned long long)bytes / (1024 * 1024));
	else if (bytes && bytes % 1024 == 0)
		sf_append_format(out, "%lluKiB", (unsigned long long)bytes / 1024);
	else
		sf_append_number(out, bytes);
}

void sf_append_duration(struct sf_append *out, uint64_t ns)
{
	if (ns % 1000000000 == 0)
		sf_append_format(out, "%llus", (unsigned long long)ns / 1000000000);
	else if (ns % 1000000 == 0)
		sf_append_format(out, "%llums", (unsigned long long)ns / 1000000);
	else
		sf_append_format(out, "%lluus", (unsigned long long)ns / 1000);
}

/* Parts of a million as a percentage: as many of four decimals as it needs. */
void sf_append_percent(struct sf_append *out, uint64_t parts)
{
	unsigned fraction = (unsigned)(parts % 10000), digit = 1000;

	sf_append_number(out, parts / 10000);
	if (fraction)
		sf_append_text(out, ".");
	for (; fraction; digit /= 10) {
		sf_append_number(out, fraction / digit);
		fraction %= digit;
	}
	sf_append_text(out, "%");
}

typedef void append_value(struct sf_append *out, uint64_t value);

/* An end that says nothing is left out. */
static void append_range(struct sf_append *out, struct sf_range range, append_value *append, uint64_t lowest)
{
	if (range.low == range.high) {
		append(out, range.low);
		return;
	}
	if (range.low > lowest || range.high == UINT64_MAX || lowest == 1)
		append(out, range.low);
	sf_append_text(out, "..");
	if (range.high != UINT64_MAX)
		append(out, range.high);
}

static void append_words(struct sf_append *out, uint8_t bits, const char *const *words, unsigned count)
{
	const char *glue = "";

	for (unsigned i = 0; i < count; i++)
		if (bits & SF_BIT(i)) {
			sf_append_format(out, "%s%s", glue, words[i]);
			glue = ",";
		}
}

static void append_funcs(struct sf_append *out, const uint64_t *funcs)
{
	const char *glue = "";

	for (unsigned i = 0; i < SF_FUNC_COUNT; i++)
		if (funcs[i / 64] >> (i % 64) & 1) {
			sf_append_format(out, "%s%s", glue, sf_func_rows[i].name);
			glue = ",";
		}
}

static void append_raw(struct sf_append *out, const struct sf_ruleset *set, struct sf_text text)
{
	sf_append_bytes(out, sf_text_of(set, text), text.length);
}

void sf_append_quoted(struct sf_append *out, const struct sf_ruleset *set, struct sf_text text)
{
	static const char hex[] = "0123456789abcdef";
	const char *bytes = sf_text_of(set, text);

	sf_append_text(out, "\"");
	for (uint32_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '"' || c == '\\')
			sf_append_format(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			sf_append_format(out, "\\x%c%c", hex[c >> 4], hex[c & 15]);
		else
			sf_append_format(out, "%c", c);
	}
	sf_append_text(out, "\"");
}

/* A name as it stands, where the parser would read it so. */
static void append_text(struct sf_append *out, const struct sf_ruleset *set, struct sf_text text)
{
	const char *bytes = sf_text_of(set, text);

	for (uint32_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c <= ' ' || c > '~' || c == '#' || c == '"' || (c == ':' && i + 1 == text.length)) {
			sf_append_quoted(out, set, text);
			return;
		}
	}
	sf_append_bytes(out, bytes, text.length);
}

static void append_nth(struct sf_append *out, const struct sf_rule *rule)
{
	append_range(out, rule->nth, sf_append_number, 1);
	if (rule->nth_step != 1)
		sf_append_format(out, "/%llu", (unsigned long long)rule->nth_step);
}

static void append_condition(
    struct sf_append *out, const struct sf_ruleset *set, const struct sf_rule *rule, enum sf_condition condition)
{
	switch (condition) {
	case SF_CONDITION_FUNC:
		return append_funcs(out, rule->funcs);
	case SF_CONDITION_PEER:
		return append_raw(out, set, rule->peer.written);
	case SF_CONDITION_LOCAL:
		return append_raw(out, set, rule->local.written);
	case SF_CONDITION_FAMILY:
		return append_words(out, rule->families, sf_family_words, SF_FAMILY_COUNT);
	case SF_CONDITION_TYPE:
		return append_words(out, rule->types, sf_type_words, SF_TYPE_COUNT);
	case SF_CONDITION_SIDE:
		return append_words(out, rule->sides, sf_side_words, SF_SIDE_COUNT);
	case SF_CONDITION_MODE:
		return append_words(out, rule->modes, sf_mode_words, SF_MODE_COUNT);
	case SF_CONDITION_CONN:
		return append_range(out, rule->conn, sf_append_number, 1);
	case SF_CONDITION_KEY:
		return append_raw(out, set, rule->key);
	case SF_CONDITION_PROCESS:
		return append_range(out, rule->process, sf_append_number, 1);
	case SF_CONDITION_PROGRAM:
		return append_text(out, set, rule->program);
	case SF_CONDITION_THREAD:
		return append_text(out, set, rule->thread);
	case SF_CONDITION_CALLER:
		return append_text(out, set, rule->caller);
	case SF_CONDITION_SITE:
		return append_raw(out, set, rule->site);
	case SF_CONDITION_OFFSET:
		return append_range(out, rule->offset, sf_append_size, 0);
	case SF_CONDITION_SIZE:
		return append_range(out, rule->size, sf_append_size, 0);
	case SF_CONDITION_DATA:
		return sf_append_quoted(out, set, rule->data);
	case SF_CONDITION_TIME:
		return append_range(out, rule->time, sf_append_duration, 0);
	case SF_CONDITION_NTH:
		return append_nth(out, rule);
	case SF_CONDITION_PER:
		return sf_append_text(out, sf_per_words[rule->per]);
	case SF_CONDITION_TIMES:
		return sf_append_number(out, rule->times);
	case SF_CONDITION_CHANCE:
		return sf_append_percent(out, rule->chance);
	case SF_CONDITION_COUNT:
		break;
	}
}

void sf_append_argument(struct sf_append *out, const struct sf_argument *a)
{
	struct sf_range range = {a->low, a->high};
	const char *name = NULL;

	switch ((enum sf_argument_unit)a->unit) {
	case SF_UNIT_NONE:
		return;
	case SF_UNIT_ERRNO:
		name = sf_errno_name((int)a->low);
		break;
	case SF_UNIT_EAI:
		name = sf_eai_name((int)a->low);
		break;
	case SF_UNIT_SIGNAL:
		name = sf_signal_name((int)a->low);
		break;
	case SF_UNIT_BYTES:
		return append_range(out, range, sf_append_size, 1);
	case SF_UNIT_PERCENT:
		return sf_append_percent(out, a->low);
	case SF_UNIT_DURATION:
		return append_range(out, range, sf_append_duration, 1);
	case SF_UNIT_RATE:
		sf_append_size(out, a->low);
		return sf_append_text(out, "/s");
	case SF_UNIT_COUNT:
		return sf_append_number(out, a->low);
	}
	sf_append_text(out, name ? name : "?");
}

static void append_action(struct sf_append *out, const struct sf_action *action)
{
	sf_append_text(out, action->kind < SF_FAULT_COUNT ? sf_fault_words[action->kind] : "?");
	if (action->argument.unit == SF_UNIT_NONE)
		return;
	sf_append_text(out, " ");
	sf_append_argument(out, &action->argument);
}

size_t sf_action_print(const struct sf_action *action, char *buffer, size_t size)
{
	struct sf_append out = sf_append_to(buffer, size);

	append_action(&out, action);
	return sf_append_end(&out);
}

static void append_calls(struct sf_append *out, const struct sf_rule *rule)
{
	uint32_t written = rule->operations | rule->left_out;
	const char *glue = "";

	if (rule->any) {
		sf_append_text(out, "any");
		return;
	}
	for (int i = 0; i < SF_OPERATION_RULED; i++)
		if (written & SF_BIT(i)) {
			sf_append_format(out, "%s%s", glue, sf_operation_words[i]);
			glue = ",";
		}
}

size_t sf_rule_print(const struct sf_ruleset *set, const struct sf_rule *rule, char *buffer, size_t size)
{
	struct sf_append out = sf_append_to(buffer, size);

	append_calls(&out, rule);
	for (int i = 0; i < SF_CONDITION_COUNT; i++) {
		if (!sf_rule_has(rule, (enum sf_condition)i))
			continue;
		sf_append_format(&out, " %s=", sf_condition_words[i]);
		append_condition(&out, set, rule, (enum sf_condition)i);
	}
	for (unsigned i = 0; i < rule->action_count && i < SF_ACTIONS_MAX; i++) {
		sf_append_text(&out, i == 0 ? ": " : ", ");
		append_action(&out, &rule->actions[i]);
	}
	return sf_append_end(&out);
}
