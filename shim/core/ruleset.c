/* SPDX-License-Identifier: MIT
 *
 * ruleset.c -- the last touch to a set of rules: the seed, and which counters each rule needs.
 *
 * Per connection: for per=conn, and for every random choice, whose ordinal is counted on the connection so that the
 * order of threads does not matter. Per process or thread: for per=process and per=thread, and for random choices in
 * calls that have no connection (socket, poll, resolve, ...), which are counted in their thread. nth and times over the
 * whole run need no slot: each rule has one counter for that.
 */
#include "core/fault.h"
#include "core/rule.h"

static bool draws(const struct sf_rule *rule)
{
	if (sf_rule_has(rule, SF_CONDITION_CHANCE))
		return true;
	for (unsigned i = 0; i < rule->action_count; i++)
		if (rule->actions[i].argument.low != rule->actions[i].argument.high ||
		    rule->actions[i].kind == SF_FAULT_corrupt)
			return true;
	return false;
}

static void give_slots(struct sf_ruleset *set, struct sf_rule *rule)
{
	bool counts = sf_rule_has(rule, SF_CONDITION_NTH) || sf_rule_has(rule, SF_CONDITION_TIMES);
	bool random = draws(rule);
	bool in_conn = random || (counts && rule->per == SF_PER_CONN);
	bool in_scope = random || (counts && rule->per != SF_PER_RUN);

	rule->conn_slot = in_conn ? set->conn_slots++ : SF_NO_SLOT;
	rule->scope_slot = in_scope ? set->scope_slots++ : SF_NO_SLOT;
}

void sf_ruleset_finish(struct sf_ruleset *set)
{
	if (!set->seed_given)
		set->seed = 1;
	set->conn_slots = set->scope_slots = 0;
	for (uint32_t i = 0; i < set->count; i++)
		give_slots(set, &set->rules[i]);
}
