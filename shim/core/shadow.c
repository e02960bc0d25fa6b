/* SPDX-License-Identifier: MIT
 *
 * shadow.c -- a rule that an earlier one always hides: every call that it meets is decided before its turn, so it could
 * never fire. Only what is certain is refused: an earlier rule that counts, draws lots or waits for bytes hides
 * nothing.
 */
#include <string.h>

#include "core/call.h"
#include "core/fact.h"
#include "core/fault.h"
#include "core/parser.h"

/* Conditions that hold for some calls and not for others of the same kind: with one of these a rule hides nothing. */
#define LIMITING                                                                                                       \
	(SF_BIT(SF_CONDITION_CONN) | SF_BIT(SF_CONDITION_KEY) | SF_BIT(SF_CONDITION_OFFSET) | SF_BIT(SF_CONDITION_TIME) |  \
	 SF_BIT(SF_CONDITION_NTH) | SF_BIT(SF_CONDITION_TIMES) | SF_BIT(SF_CONDITION_CHANCE))

static bool is_limited(const struct sf_rule *rule)
{
	uint32_t given = rule->given & LIMITING;

	if (rule->nth.low == 1 && rule->nth.high == UINT64_MAX && rule->nth_step == 1)
		given &= ~SF_BIT(SF_CONDITION_NTH);
	if (rule->chance == SF_CHANCE_ONE)
		given &= ~SF_BIT(SF_CONDITION_CHANCE);
	return given;
}

/* ---- does each call of the later rule meet the earlier one's conditions? ---- */

static bool range_covers(struct sf_range wide, struct sf_range narrow)
{
	return wide.low <= narrow.low && narrow.high <= wide.high;
}

static bool text_covers(const struct sf_ruleset *set, struct sf_text wide, struct sf_text narrow)
{
	const char *a = sf_text_of(set, wide), *b = sf_text_of(set, narrow);

	if (wide.length == 1 && a[0] == '*')
		return true;
	return wide.length == narrow.length && memcmp(a, b, wide.length) == 0;
}

static bool prefix_covers(const struct sf_address *wide, const struct sf_address *narrow)
{
	unsigned whole = wide->prefix / 8, rest = wide->prefix % 8;

	if (wide->prefix > narrow->prefix || memcmp(wide->bytes, narrow->bytes, whole) != 0)
		return false;
	return rest == 0 || (wide->bytes[whole] ^ narrow->bytes[whole]) >> (8 - rest) == 0;
}

static bool address_covers(const struct sf_ruleset *set, const struct sf_address *wide, const struct sf_address *narrow)
{
	if (sf_address_is_name(wide) || sf_address_is_name(narrow))
		return text_covers(set, wide->written, narrow->written);
	if (wide->family == SF_UNIX)
		return narrow->family == SF_UNIX && wide->abstract == narrow->abstract &&
		       text_covers(set, wide->path, narrow->path);
	if (narrow->family == SF_UNIX || (wide->family != SF_FAMILY_OTHER && wide->family != narrow->family))
		return false;
	if (!wide->any_port &&
	    (narrow->any_port || wide->port_low > narrow->port_low || wide->port_high < narrow->port_high))
		return false;
	return wide->family == SF_FAMILY_OTHER || prefix_covers(wide, narrow);
}

static bool bits_cover(uint8_t wide, uint8_t narrow)
{
	return wide == 0 || (narrow && !(narrow & ~wide));
}

/* Without func= a rule passes by functions that are met by name only. */
static bool funcs_cover(const struct sf_rule *wide, const struct sf_rule *narrow)
{
	for (unsigned func = 0; func < SF_FUNC_COUNT; func++)
		if (sf_rule_meets_func(narrow, func) && !sf_rule_meets_func(wide, func))
			return false;
	return true;
}

/* Ends of a socketpair are met by rules that say family= only. */
static bool families_cover(const struct sf_rule *wide, const struct sf_rule *narrow)
{
	if (!sf_rule_has(wide, SF_CONDITION_FAMILY))
		return !(sf_rule_has(narrow, SF_CONDITION_FAMILY) && sf_rule_families(narrow) & SF_BIT(SF_UNIX));
	return bits_cover(wide->families, sf_rule_families(narrow));
}

static bool types_cover(const struct sf_rule *wide, const struct sf_rule *narrow)
{
	return !wide->types || !(sf_rule_types(narrow) & ~wide->types);
}

static bool condition_covers(
    const struct sf_ruleset *set, const struct sf_rule *wide, const struct sf_rule *narrow, enum sf_condition condition)
{
	if (!sf_rule_has(wide, condition))
		return true;
	if (condition == SF_CONDITION_TYPE || condition == SF_CONDITION_FAMILY || condition == SF_CONDITION_FUNC)
		return true; /* looked at by their own functions: they may be implied */
	if (!sf_rule_has(narrow, condition) && !(LIMITING & SF_BIT(condition)) && condition != SF_CONDITION_PER)
		return false;
	switch (condition) {
	case SF_CONDITION_PEER:
		return address_covers(set, &wide->peer, &narrow->peer);
	case SF_CONDITION_LOCAL:
		return address_covers(set, &wide->local, &narrow->local);
	case SF_CONDITION_SIDE:
		return bits_cover(wide->sides, narrow->sides);
	case SF_CONDITION_MODE:
		return bits_cover(wide->modes, narrow->modes);
	case SF_CONDITION_PROCESS:
		return range_covers(wide->process, narrow->process);
	case SF_CONDITION_PROGRAM:
		return text_covers(set, wide->program, narrow->program);
	case SF_CONDITION_THREAD:
		return text_covers(set, wide->thread, narrow->thread);
	case SF_CONDITION_CALLER:
		return text_covers(set, wide->caller, narrow->caller);
	case SF_CONDITION_SITE:
		return text_covers(set, wide->site, narrow->site);
	case SF_CONDITION_SIZE:
		return range_covers(wide->size, narrow->size);
	case SF_CONDITION_DATA:
		return text_covers(set, wide->data, narrow->data);
	default:
		return true; /* limiting ones that do not limit, and per= */
	}
}

static bool conditions_cover(const struct sf_ruleset *set, const struct sf_rule *wide, const struct sf_rule *narrow)
{
	if (narrow->operations & ~wide->operations)
		return false;
	if (!families_cover(wide, narrow) || !types_cover(wide, narrow))
		return false;
	for (int i = 0; i < SF_CONDITION_COUNT; i++)
		if (!condition_covers(set, wide, narrow, (enum sf_condition)i))
			return false;
	return funcs_cover(wide, narrow);
}

/* ---- does the earlier rule act on each of these calls? ---- */

/* An errno that Linux gives on every kind of socket and in every mode that the later rule can meet. */
static bool fails_always(const struct sf_rule *narrow, int number)
{
	for (unsigned func = 0; func < SF_FUNC_COUNT; func++) {
		uint8_t on = sf_rule_on(narrow, (enum sf_operation)sf_func_rows[func].operation);
		uint8_t modes = narrow->modes ? narrow->modes : SF_BIT(SF_MODE_COUNT) - 1;

		if (!sf_rule_meets_func(narrow, func))
			continue;
		for (unsigned bits = on; bits; bits &= bits - 1)
			for (unsigned mode = 0; mode < SF_MODE_COUNT; mode++) {
				const struct sf_fact *fact;

				if (!(modes & SF_BIT(mode)))
					continue;
				fact = sf_fact_find(func, number, (uint8_t)(bits & -bits), (uint8_t)SF_BIT(mode));
				if (!fact || fact->possible != SF_POSSIBLE_YES)
					return false;
			}
	}
	return true;
}

/* Of short: a call for one byte can't be made shorter, which nobody means who cuts to one byte. */
static bool shortens_always(const struct sf_argument *a, const struct sf_rule *narrow)
{
	const struct sf_action *first = &narrow->actions[0];

	if (a->unit == SF_UNIT_PERCENT || a->low <= 1)
		return true;
	return sf_faults[first->kind] == &sf_fault_short && first->argument.unit == SF_UNIT_BYTES &&
	       first->argument.low >= a->low;
}

static bool same_action(const struct sf_action *a, const struct sf_action *b)
{
	return a->kind == b->kind && a->argument.unit == b->argument.unit && a->argument.low == b->argument.low &&
	       a->argument.high == b->argument.high;
}

static bool applies_all(const struct sf_rule *rule, const struct sf_call *c)
{
	for (unsigned i = 0; i < rule->action_count; i++)
		if (sf_action_applies(&rule->actions[i], c) == SF_REALISM_NONE)
			return false;
	return true;
}

/* Are there sockets on which the later rule can do something to this function, and the action can not? */
static bool passes_by(const struct sf_action *action, const struct sf_rule *narrow, unsigned func)
{
	uint8_t families = sf_rule_families(narrow), types = sf_rule_types(narrow);
	struct sf_call c = {
	    .func = (uint16_t)func, .operation = sf_func_rows[func].operation, .asked = SIZE_MAX, .side = SF_CLIENT};

	for (c.family = 0; c.family < SF_FAMILY_COUNT; c.family++)
		for (c.type = 0; c.type < SF_TYPE_COUNT; c.type++) {
			c.on = sf_on((enum sf_family)c.family, (enum sf_type)c.type);
			if (families & SF_BIT(c.family) && types & SF_BIT(c.type) && applies_all(narrow, &c) &&
			    sf_action_applies(action, &c) == SF_REALISM_NONE)
				return true;
		}
	return false;
}

static bool passes_by_any(const struct sf_action *action, const struct sf_rule *narrow)
{
	for (unsigned func = 0; func < SF_FUNC_COUNT; func++)
		if (sf_rule_meets_func(narrow, func) && passes_by(action, narrow, func))
			return true;
	return false;
}

static bool acts_always(const struct sf_action *action, const struct sf_rule *narrow)
{
	const struct sf_fault *fault = sf_faults[action->kind];

	if (same_action(action, &narrow->actions[0]) && narrow->action_count == 1)
		return true;
	if (fault->types && sf_rule_types(narrow) & ~fault->types)
		return false;
	if (fault->families && sf_rule_families(narrow) & ~fault->families)
		return false;
	if (fault == &sf_fault_fail)
		return fails_always(narrow, (int)action->argument.low);
	if (fault == &sf_fault_short)
		return shortens_always(&action->argument, narrow);
	return fault->always && !passes_by_any(action, narrow);
}

static bool decides(const struct sf_rule *wide, const struct sf_rule *narrow)
{
	bool decides = false;

	for (unsigned i = 0; i < wide->action_count; i++) {
		if (sf_faults[wide->actions[i].kind]->shapes)
			continue;
		if (!acts_always(&wide->actions[i], narrow))
			return false;
		decides = true;
	}
	return decides;
}

static bool hides(const struct sf_ruleset *set, const struct sf_rule *wide, const struct sf_rule *narrow)
{
	return !is_limited(wide) && conditions_cover(set, wide, narrow) && decides(wide, narrow);
}

static bool refuse_hidden(struct sf_parser *p, const struct sf_rule *by)
{
	const char *end = p->action[p->rule->action_count - 1].at + p->action[p->rule->action_count - 1].length;
	struct sf_span whole = {p->calls.at, (size_t)(end - p->calls.at)};
	char text[96];

	if (sf_rule_print(p->set, by, text, sizeof text) >= sizeof text)
		memcpy(text + sizeof text - 4, "...", 4);
	if (by->source.at == p->rule->source.at)
		return !sf_refuse(
		    p, whole, "hidden by line %u, '%s', which decides all of these calls first; put this rule above it",
		    by->line, text);
	return !sf_refuse(
	    p, whole, "hidden by %.*s:%u, '%s', which decides all of these calls first; put this rule above it",
	    (int)(by->source.length < 64 ? by->source.length : 64), sf_text_of(p->set, by->source), by->line, text);
}

bool sf_rule_is_hidden(struct sf_parser *p)
{
	for (uint32_t i = 0; i < p->set->count; i++)
		if (hides(p->set, &p->set->rules[i], p->rule))
			return refuse_hidden(p, &p->set->rules[i]);
	return false;
}
