/* SPDX-License-Identifier: MIT
 *
 * counts.c -- see counts.h. Rows of counters are made where a rule first counts within a connection, process or thread.
 */
#include "core/counts.h"

#define relaxed memory_order_relaxed

/* A row of counters that are zero, in place of the row at `before`. NULL: no room, or another thread was quicker. */
static struct sf_scope_counter *
make_row(const struct sf_asker *asker, _Atomic uint64_t *slots_at, uint64_t before, uint32_t slots)
{
	uint64_t fresh = sf_arena_heap(asker->arena, (slots + UINT64_C(1)) * sizeof(struct sf_scope_counter));
	struct sf_scope_counter *row = sf_arena_piece(asker->arena, fresh);

	if (!row)
		return NULL;
	atomic_store_explicit(&row->seen, sf_ruleset_page(asker->arena, asker->set), relaxed);
	return atomic_compare_exchange_strong_explicit(slots_at, &before, fresh, memory_order_release, relaxed) ? row
	                                                                                                        : NULL;
}

/* Rules that were loaded later have other slots, and count from zero. */
static struct sf_scope_counter *row_at(const struct sf_asker *asker, const _Atomic uint64_t *slots_at, uint64_t *at)
{
	*at = atomic_load_explicit(slots_at, memory_order_acquire);
	struct sf_scope_counter *row = sf_arena_piece(asker->arena, *at);
	uint32_t page = sf_ruleset_page(asker->arena, asker->set);

	return row && atomic_load_explicit(&row->seen, relaxed) == page ? row : NULL;
}

static struct sf_scope_counter *
slot_of(const struct sf_asker *asker, _Atomic uint64_t *slots_at, uint32_t slots, uint32_t slot, bool *lost)
{
	uint64_t at;

	if (slot == SF_NO_SLOT)
		return NULL;
	struct sf_scope_counter *row = row_at(asker, slots_at, &at);

	if (!row)
		row = make_row(asker, slots_at, at, slots);
	if (!row)
		row = row_at(asker, slots_at, &at);
	*lost |= !row;
	return row ? row + 1 + slot : NULL;
}

struct sf_counts sf_counts_of(const struct sf_asker *asker, unsigned i, const struct sf_call *c)
{
	const struct sf_ruleset *set = asker->set;
	const struct sf_rule *rule = &set->rules[i];
	struct sf_counts counts = {.run = sf_ruleset_counter(set, i), .groups = sf_ruleset_groups(set)};

	if (rule->conn_slot == SF_NO_SLOT && rule->scope_slot == SF_NO_SLOT)
		return counts;
	struct sf_scope_counter *thread = NULL, *conn = NULL;

	if (c->socket) {
		counts.match = sf_match_of(asker->arena, set, c->socket);
		conn = slot_of(asker, &c->socket->slots_at, set->conn_slots, rule->conn_slot, &counts.lost);
	}
	if (!c->socket || rule->per == SF_PER_THREAD)
		thread = slot_of(asker, &asker->thread->slots_at, set->scope_slots, rule->scope_slot, &counts.lost);
	counts.key = c->socket ? conn : thread;
	if (rule->per == SF_PER_CONN)
		counts.scope = counts.key;
	else if (rule->per == SF_PER_THREAD)
		counts.scope = thread;
	else if (rule->per == SF_PER_PROCESS)
		counts.scope = slot_of(asker, &asker->process->slots_at, set->scope_slots, rule->scope_slot, &counts.lost);
	return counts;
}

/* Has the group of this respite the rule in it? */
static bool is_included(const struct sf_counts *counts, const struct sf_respite *respite)
{
	const struct sf_group *group = sf_respite_group(respite);

	return atomic_load(&respite->group_ahead) &&
	       atomic_load(&counts->run->groups) >> (group - counts->groups->group) & 1;
}

static struct sf_ordinals let_through(const struct sf_counts *counts, uint64_t (*calls)(_Atomic uint64_t *allowance))
{
	struct sf_ordinals sum = {0, 0};

	for (uint64_t left = atomic_load(&counts->run->groups); left; left &= left - 1)
		sum.nth += calls(&counts->groups->group[__builtin_ctzll(left)].allowance);
	for (unsigned i = 0; counts->key && counts->match && i < 2; i++)
		if (is_included(counts, &counts->match->respites[i]))
			sum.key += calls(&counts->match->respites[i].allowance);
	return sum;
}

/* `run`, `key` and `scope`: what has been counted one by one. */
static struct sf_ordinals
ordinals_of(const struct sf_counts *counts, uint64_t run, uint32_t key, uint32_t scope, struct sf_ordinals more)
{
	struct sf_ordinals ordinals;

	ordinals.key = counts->key ? key + more.key : run + more.nth;
	ordinals.nth = !counts->scope ? run + more.nth : counts->scope == counts->key ? ordinals.key : scope;
	return ordinals;
}

struct sf_ordinals sf_counts_add(const struct sf_counts *counts, uint32_t add)
{
	/* From the withdrawal to the end nothing is let through: what was spent, and what is counted, belong together. */
	atomic_fetch_add(&counts->groups->counting, 1);
	struct sf_ordinals more = let_through(counts, sf_allowance_withdraw);
	uint64_t run = atomic_fetch_add(&counts->run->seen, (uint64_t)(int64_t)(int32_t)add) + 1;
	uint32_t key = counts->key ? atomic_fetch_add(&counts->key->seen, add) + 1 : 0;
	bool has_own = counts->scope && counts->scope != counts->key;
	uint32_t scope = has_own ? atomic_fetch_add_explicit(&counts->scope->seen, add, relaxed) + 1 : 0;

	atomic_fetch_sub(&counts->groups->counting, 1);
	return ordinals_of(counts, run, key, scope, more);
}

static uint64_t all_of(_Atomic uint64_t *allowance)
{
	return sf_allowance_all(allowance);
}

struct sf_ordinals sf_counts_next(const struct sf_counts *counts)
{
	uint64_t run = atomic_load(&counts->run->seen) + 1;
	uint32_t key = counts->key ? atomic_load(&counts->key->seen) + 1 : 0;
	uint32_t scope = counts->scope ? atomic_load(&counts->scope->seen) + 1 : 0;

	return ordinals_of(counts, run, key, scope, let_through(counts, all_of));
}

/* Counts an injection if times= allows one more. Lost races take their count back. */
bool sf_counts_may_fire(const struct sf_rule *rule, const struct sf_counts *counts)
{
	if (sf_rule_has(rule, SF_CONDITION_TIMES)) {
		uint64_t before = counts->scope ? atomic_fetch_add_explicit(&counts->scope->fired, 1, relaxed)
		                                : atomic_load_explicit(&counts->run->fired, relaxed);

		if (before >= rule->times) {
			if (counts->scope)
				atomic_fetch_sub_explicit(&counts->scope->fired, 1, relaxed);
			return false;
		}
	}
	uint64_t fired = atomic_fetch_add_explicit(&counts->run->fired, 1, relaxed);

	if (sf_rule_has(rule, SF_CONDITION_TIMES) && !counts->scope && fired >= rule->times) {
		atomic_fetch_sub_explicit(&counts->run->fired, 1, relaxed);
		return false;
	}
	return true;
}

bool sf_counts_are_exhausted(const struct sf_rule *rule, const struct sf_counts *counts)
{
	if (!sf_rule_has(rule, SF_CONDITION_TIMES))
		return false;
	return (counts->scope ? atomic_load_explicit(&counts->scope->fired, relaxed)
	                      : atomic_load_explicit(&counts->run->fired, relaxed)) >= rule->times;
}

void sf_counts_give_back(const struct sf_rule *rule, const struct sf_counts *counts)
{
	atomic_fetch_sub_explicit(&counts->run->fired, 1, relaxed);
	if (counts->scope && sf_rule_has(rule, SF_CONDITION_TIMES))
		atomic_fetch_sub_explicit(&counts->scope->fired, 1, relaxed);
	sf_counts_add(counts, 0); /* a rule that was exhausted may fire again */
}
