/* SPDX-License-Identifier: MIT
 *
 * sense.c -- what a rule that was read can't mean. Calls that a condition or an action can't apply to are left out of
 * the rule; where none is left, or the parts contradict each other, the rule is refused: it would never fire.
 */
#include <string.h>

#include "core/append.h"
#include "core/fact.h"
#include "core/fault.h"
#include "core/names.h"
#include "core/parser.h"

const char *sf_operations_text(uint32_t operations, const char *last, char *buffer, size_t size)
{
	struct sf_append out = sf_append_to(buffer, size);
	uint32_t left = operations & SF_ANY_OPERATION;

	for (int i = 0; i < SF_OPERATION_RULED; i++) {
		if (!(left & SF_BIT(i)))
			continue;
		left &= ~SF_BIT(i);
		sf_append_text(&out, sf_operation_words[i]);
		if (left & (left - 1))
			sf_append_text(&out, ", ");
		else if (left)
			sf_append_format(&out, " %s ", last);
	}
	sf_append_end(&out);
	return buffer;
}

/* ---- what sockets the rule can meet ---- */

/* Sockets of other families are met by no rule, whatever it says. */
#define FAMILIES (SF_BIT(SF_INET) | SF_BIT(SF_INET6) | SF_BIT(SF_UNIX))
#define INTERNET (SF_BIT(SF_INET) | SF_BIT(SF_INET6))

/* A mapped IPv4 address belongs to an inet6 socket, so an address leaves both open. */
static uint8_t families_of(const struct sf_address *address)
{
	if (sf_address_is_name(address))
		return FAMILIES;
	return address->family == SF_UNIX ? SF_BIT(SF_UNIX) : address->family == SF_INET6 ? SF_BIT(SF_INET6) : INTERNET;
}

uint8_t sf_rule_families(const struct sf_rule *rule)
{
	uint8_t families = rule->families ? rule->families : FAMILIES;

	if (sf_rule_has(rule, SF_CONDITION_PEER))
		families &= families_of(&rule->peer);
	if (sf_rule_has(rule, SF_CONDITION_LOCAL))
		families &= families_of(&rule->local);
	for (unsigned i = 0; i < rule->action_count; i++)
		if (sf_faults[rule->actions[i].kind]->families)
			families &= sf_faults[rule->actions[i].kind]->families;
	return families;
}

uint8_t sf_rule_types(const struct sf_rule *rule)
{
	uint8_t types = rule->types ? rule->types : SF_BIT(SF_TYPE_COUNT) - 1;

	for (unsigned i = 0; i < rule->action_count; i++)
		if (sf_faults[rule->actions[i].kind]->types)
			types &= sf_faults[rule->actions[i].kind]->types;
	return types;
}

uint8_t sf_rule_on(const struct sf_rule *rule, enum sf_operation operation)
{
	uint8_t families = sf_rule_families(rule), types = sf_rule_types(rule), on = 0;

	if (operation == SF_LISTEN || operation == SF_ACCEPT)
		types &= SF_BIT(SF_STREAM) | SF_BIT(SF_SEQPACKET);
	if (operation == SF_POLL || operation == SF_RESOLVE)
		return SF_ON_ANY;
	for (unsigned family = 0; family < SF_FAMILY_COUNT; family++)
		for (unsigned type = 0; type < SF_TYPE_COUNT; type++)
			if (families & SF_BIT(family) && types & SF_BIT(type))
				on |= sf_on((enum sf_family)family, (enum sf_type)type);
	return on;
}

/* ---- what its actions can act on ---- */

static bool names_func(const struct sf_rule *rule, unsigned func)
{
	if (sf_rule_has(rule, SF_CONDITION_FUNC))
		return rule->funcs[func / 64] >> (func % 64) & 1;
	return !sf_func_rows[func].by_name_only;
}

/* The most possible fact about this errno, of all functions that the rule can meet in these operations. */
static const struct sf_fact *best_fact(const struct sf_rule *rule, uint32_t operations, int number)
{
	const struct sf_fact *best = NULL;
	uint8_t modes = rule->modes ? rule->modes : SF_BIT(SF_MODE_COUNT) - 1;

	for (unsigned func = 0; func < SF_FUNC_COUNT; func++) {
		enum sf_operation operation = sf_func_rows[func].operation;
		const struct sf_fact *fact;

		if (!(operations & SF_BIT(operation)) || !names_func(rule, func))
			continue;
		fact = sf_fact_find(func, number, sf_rule_on(rule, operation), modes);
		if (fact && (!best || fact->possible > best->possible))
			best = fact;
	}
	return best;
}

static bool is_by_facts(const struct sf_fault *fault)
{
	return fault == &sf_fault_fail;
}

uint32_t sf_action_operations(const struct sf_rule *rule, const struct sf_action *action)
{
	const struct sf_fault *fault = sf_faults[action->kind];
	uint32_t operations = fault->operations & SF_ANY_OPERATION;

	if (action->argument.unit == SF_UNIT_EAI)
		operations &= SF_BIT(SF_RESOLVE);
	if (action->argument.unit == SF_UNIT_ERRNO)
		operations &= ~SF_BIT(SF_RESOLVE);
	for (unsigned i = 0; is_by_facts(fault) && i < SF_OPERATION_RULED; i++) {
		const struct sf_fact *fact = best_fact(rule, SF_BIT(i), (int)action->argument.low);

		if (!fact || fact->possible <= SF_POSSIBLE_ARGUMENTS)
			operations &= ~SF_BIT(i);
	}
	return operations;
}

/* ---- conditions ---- */

static bool refuse_condition(struct sf_parser *p, enum sf_condition condition, uint32_t operations)
{
	const struct sf_condition_row *row = &sf_condition_rows[condition];
	struct sf_span where = p->condition[condition];
	char calls[128], fit[128];
	bool is_one = !(operations & (operations - 1));

	sf_operations_text(operations, "and", calls, sizeof calls);
	if (condition == SF_CONDITION_PEER && sf_address_is_name(&p->rule->peer))
		return sf_refuse(
		    p, where, "'%.*s' is a name, and sockets have addresses; write one such as 127.0.0.1:80 or *:80",
		    SF_WORD(sf_span_from(where, strlen("peer="))));
	if (condition == SF_CONDITION_PEER && operations == SF_BIT(SF_RESOLVE))
		return sf_refuse(p, where, "resolve is asked for a name, without port or network: peer=db.example.com");
	if (condition != SF_CONDITION_PER && row->operations & operations)
		return sf_refuse(
		    p, where, "%s %s never called on sockets with %.*s", calls, is_one ? "is" : "are", SF_WORD(where));
	if (condition == SF_CONDITION_PER)
		return sf_refuse(
		    p, where, "%s %s no %s; per=conn is for %s", calls, is_one ? "has" : "have", row->lacks,
		    sf_operations_text(sf_condition_operations(p->rule, condition), "and", fit, sizeof fit));
	sf_operations_text(row->operations, "and", fit, sizeof fit);
	return sf_refuse(
	    p, where, "%s %s no %s; %s= is for %s", calls, is_one ? "has" : "have", row->lacks,
	    sf_condition_words[condition], fit);
}

static bool settle_conditions(struct sf_parser *p, uint32_t *operations)
{
	for (int i = 0; i < SF_CONDITION_COUNT; i++) {
		if (!sf_rule_has(p->rule, (enum sf_condition)i))
			continue;
		uint32_t left = *operations & sf_condition_operations(p->rule, (enum sf_condition)i);

		if (!left)
			return refuse_condition(p, (enum sf_condition)i, *operations);
		*operations = left;
	}
	return true;
}

/* func= may name only what the calls have. */
static bool settle_funcs(struct sf_parser *p)
{
	const struct sf_rule *rule = p->rule;
	char calls[128];

	for (unsigned func = 0; func < SF_FUNC_COUNT; func++) {
		const struct sf_func_row *row = &sf_func_rows[func];

		if (!(rule->funcs[func / 64] >> (func % 64) & 1) || rule->operations & SF_BIT(row->operation))
			continue;
		if (row->operation >= SF_OPERATION_RULED)
			return sf_refuse(p, p->condition[SF_CONDITION_FUNC], "%s is only recorded; no rule can meet it", row->name);
		return sf_refuse(
		    p, p->condition[SF_CONDITION_FUNC], "%s is a function of %s, and this rule is for %s", row->name,
		    sf_operation_words[row->operation], sf_operations_text(rule->operations, "and", calls, sizeof calls));
	}
	return true;
}

static bool refuse_never(struct sf_parser *p, enum sf_condition one, enum sf_condition other)
{
	return sf_refuse(
	    p, p->condition[one], "%.*s and %.*s never meet in one call; this rule can never fire",
	    SF_WORD(p->condition[other]), SF_WORD(p->condition[one]));
}

/* Conditions that no socket fulfils together. */
static bool settle_together(struct sf_parser *p)
{
	const struct sf_rule *rule = p->rule;
	bool has_peer = sf_rule_has(rule, SF_CONDITION_PEER), has_local = sf_rule_has(rule, SF_CONDITION_LOCAL);
	uint8_t given = rule->families ? rule->families : 0xff;

	if (has_peer && !(families_of(&rule->peer) & given))
		return refuse_never(p, SF_CONDITION_FAMILY, SF_CONDITION_PEER);
	if (has_local && !(families_of(&rule->local) & given))
		return refuse_never(p, SF_CONDITION_FAMILY, SF_CONDITION_LOCAL);
	if (has_peer && has_local && !(families_of(&rule->peer) & families_of(&rule->local) & given))
		return refuse_never(p, SF_CONDITION_LOCAL, SF_CONDITION_PEER);
	if (rule->types == SF_BIT(SF_DGRAM) && rule->sides && !(rule->sides & SF_BIT(SF_CLIENT)))
		return refuse_never(p, SF_CONDITION_SIDE, SF_CONDITION_TYPE);
	if (sf_rule_has(rule, SF_CONDITION_DATA) && sf_rule_has(rule, SF_CONDITION_SIZE) &&
	    rule->data.length > rule->size.high)
		return refuse_never(p, SF_CONDITION_DATA, SF_CONDITION_SIZE);
	if (sf_rule_has(rule, SF_CONDITION_PER) && !sf_rule_has(rule, SF_CONDITION_NTH) &&
	    !sf_rule_has(rule, SF_CONDITION_TIMES))
		return sf_refuse(
		    p, p->condition[SF_CONDITION_PER], "per= says what nth and times count within, and this rule has neither");
	return true;
}

/* ---- actions ---- */

static const struct sf_fault *fault_of(const struct sf_parser *p, unsigned i)
{
	return sf_faults[p->rule->actions[i].kind];
}

/* Its result is the call's: nothing else can be done to the same call. */
static bool gives_result(const struct sf_fault *fault)
{
	return !fault->shapes && !fault->alters && !(fault->units & SF_BIT(SF_UNIT_SIGNAL));
}

static bool settle_pair(struct sf_parser *p, unsigned i, unsigned j)
{
	const struct sf_action *a = &p->rule->actions[i], *b = &p->rule->actions[j];
	const struct sf_fault *one = fault_of(p, i), *other = fault_of(p, j);
	const char *first = sf_fault_words[a->kind], *second = sf_fault_words[b->kind];

	if (a->kind == b->kind && (gives_result(one) || one->shapes || one->alters || a->argument.low == b->argument.low))
		return sf_refuse(p, p->action[j], "%s is written twice", second);
	if (gives_result(one) && gives_result(other))
		return sf_refuse(p, p->action[j], "%s and %s both decide what the call gives; write two rules", first, second);
	if ((gives_result(one) && other->alters) || (one->alters && gives_result(other)))
		return sf_refuse(p, p->action[j], "%s and %s can't be done to the same call; write two rules", first, second);
	if (one->types && other->types && !(one->types & other->types))
		return sf_refuse(
		    p, p->action[j], "%s and %s are for different types of socket; write two rules", first, second);
	return true;
}

static bool settle_argument(struct sf_parser *p, unsigned i)
{
	const struct sf_action *action = &p->rule->actions[i];
	const char *word = sf_fault_words[action->kind];
	const struct sf_fault *fault = sf_faults[action->kind];
	bool is_short = fault == &sf_fault_short, is_optional = fault->units & SF_BIT(SF_UNIT_NONE);
	const struct sf_argument *a = &action->argument;

	if (is_short && a->low == 0)
		return sf_refuse(p, p->action[i], "short moves at least 1 byte; 0 would be the end of the stream: write eof");
	if (a->unit == SF_UNIT_PERCENT && a->low == SF_CHANCE_ONE)
		return sf_refuse(p, p->action[i], "%s 100%% leaves the call as it is", word);
	if ((a->unit == SF_UNIT_DURATION || is_optional) && a->unit != SF_UNIT_NONE && a->high == 0)
		return sf_refuse(p, p->action[i], "%s with 0 does nothing", word);
	if (a->unit == SF_UNIT_DURATION && a->high > SF_LONGEST_NS)
		return sf_refuse(p, p->action[i], "%s can last at most 1000000000s", word);
	if (is_short && a->unit == SF_UNIT_BYTES && sf_rule_has(p->rule, SF_CONDITION_SIZE) && p->rule->size.high <= a->low)
		return sf_refuse(
		    p, p->action[i], "no call with %.*s is longer than %llu; this rule can never fire",
		    SF_WORD(p->condition[SF_CONDITION_SIZE]), (unsigned long long)a->low);
	return true;
}

/* The words of a bit set: "stream or seqpacket". */
static const char *words_text(uint8_t bits, const char *const *words, unsigned count, char *buffer, size_t size)
{
	struct sf_append out = sf_append_to(buffer, size);
	const char *glue = "";

	for (unsigned i = 1; i < count; i++)
		if (bits & SF_BIT(i)) {
			sf_append_format(&out, "%s%s", glue, words[i]);
			glue = " or ";
		}
	sf_append_end(&out);
	return buffer;
}

/* An action on sockets of one kind, and conditions that leave only others. */
static bool settle_sockets(struct sf_parser *p, unsigned i)
{
	const struct sf_rule *rule = p->rule;
	const struct sf_fault *fault = fault_of(p, i);
	const char *word = sf_fault_words[rule->actions[i].kind];
	enum sf_condition condition = rule->families                         ? SF_CONDITION_FAMILY
	                              : sf_rule_has(rule, SF_CONDITION_PEER) ? SF_CONDITION_PEER
	                                                                     : SF_CONDITION_LOCAL;
	char names[64];

	if (fault->types && rule->types && !(fault->types & rule->types))
		return sf_refuse(
		    p, p->action[i], "%s is for %s sockets only, and this rule says %.*s", word,
		    words_text(fault->types, sf_type_words, SF_TYPE_COUNT, names, sizeof names),
		    SF_WORD(p->condition[SF_CONDITION_TYPE]));
	if (fault->families && !sf_rule_families(rule))
		return sf_refuse(
		    p, p->action[i], "%s is for %s sockets only, and this rule says %.*s", word,
		    words_text(fault->families, sf_family_words, SF_FAMILY_COUNT, names, sizeof names),
		    SF_WORD(p->condition[condition]));
	return true;
}

/* ---- fail and the facts ---- */

static bool refuse_number(struct sf_parser *p, unsigned i, uint32_t operations)
{
	const struct sf_argument *a = &p->rule->actions[i].argument;
	const char *name = a->unit == SF_UNIT_EAI ? sf_eai_name((int)a->low) : sf_errno_name((int)a->low);
	const struct sf_fact *fact = best_fact(p->rule, operations, (int)a->low);
	char calls[128];
	const char *where = p->rule->modes || p->rule->types || p->rule->families ? " under these conditions" : "";

	sf_operations_text(operations, "or", calls, sizeof calls);
	if (fact && fact->possible == SF_POSSIBLE_ARGUMENTS)
		return sf_refuse(
		    p, p->action[i], "only a wrong argument makes %s fail with %s (%s); 'fake %s' does it all the same", calls,
		    name, sf_fact_text(fact->when), name);
	if (fact)
		return sf_refuse(
		    p, p->action[i], "%s never fails with %s%s (%s); 'fake %s' does it all the same", calls, name, where,
		    sf_fact_text(fact->when), name);
	return sf_refuse(
	    p, p->action[i], "%s never fails with %s%s; 'fake %s' does it all the same", calls, name, where, name);
}

static bool refuse_action(struct sf_parser *p, unsigned i, uint32_t operations)
{
	const struct sf_action *action = &p->rule->actions[i];
	const struct sf_fault *fault = sf_faults[action->kind];
	const char *word = sf_fault_words[action->kind];
	char calls[128], fit[128];

	if (!(fault->operations & operations))
		return sf_refuse(
		    p, p->action[i], "%s can't be done to %s; it is for %s", word,
		    sf_operations_text(operations, "or", calls, sizeof calls),
		    sf_operations_text(fault->operations, "and", fit, sizeof fit));
	if (action->argument.unit == SF_UNIT_EAI && !(operations & SF_BIT(SF_RESOLVE)))
		return sf_refuse(
		    p, p->action[i], "%s is an error of getaddrinfo(3): only resolve gives it",
		    sf_eai_name((int)action->argument.low));
	if (action->argument.unit == SF_UNIT_ERRNO && operations == SF_BIT(SF_RESOLVE))
		return sf_refuse(
		    p, p->action[i], "resolve fails with an error of getaddrinfo(3), such as EAI_AGAIN, not with %s",
		    sf_errno_name((int)action->argument.low));
	return refuse_number(p, i, operations);
}

static bool settle_actions(struct sf_parser *p, uint32_t *operations)
{
	for (unsigned i = 0; i < p->rule->action_count; i++) {
		uint32_t left;

		for (unsigned j = 0; j < i; j++)
			if (!settle_pair(p, j, i))
				return false;
		if (!settle_argument(p, i) || !settle_sockets(p, i))
			return false;
		left = *operations & sf_action_operations(p->rule, &p->rule->actions[i]);
		if (!left)
			return refuse_action(p, i, *operations);
		*operations = left;
	}
	return true;
}

bool sf_rule_settle(struct sf_parser *p)
{
	uint32_t operations = p->rule->operations;

	if (!settle_funcs(p) || !settle_conditions(p, &operations) || !settle_together(p) ||
	    !settle_actions(p, &operations))
		return false;
	p->rule->left_out = p->rule->operations & ~operations;
	p->rule->operations = operations;
	return true;
}
