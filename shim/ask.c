/* SPDX-License-Identifier: MIT
 *
 * ask.c -- the rules are asked: which of them can meet a socket of this process, whether one fires (core/decide.c),
 * what that does to the call (fault/<kind>.c). And what was counted is taken back where nothing came of it.
 */
#include "ask.h"

#include <string.h>
#include <sys/prctl.h>

#include "core/decide.h"
#include "core/fault.h"
#include "core/match.h"
#include "core/respite.h"
#include "effect.h"
#include "evlog.h"
#include "fdtab.h"
#include "look.h"
#include "part.h"
#include "record.h"

#define relaxed memory_order_relaxed

/* What the rules say of this process and of each operation; settled anew when the rules change. Threads that settle at
 * the same time write the same words. */
static struct {
	_Atomic uint64_t ruleset_at;
	uint64_t process[SF_RULE_WORDS];
	uint64_t operation[SF_OPERATION_COUNT][SF_RULE_WORDS];
	uint32_t for_process;
} settled;

static const struct sf_ruleset *rules_settled(void)
{
	const struct sf_ruleset *set = sf_arena_rules(sf_arena);
	uint64_t at = atomic_load_explicit(&sf_arena->ruleset_at, relaxed);

	if (!set ||
	    (atomic_load_explicit(&settled.ruleset_at, memory_order_acquire) == at && settled.for_process == sf_process))
		return set;
	sf_match_process(set, sf_self_process(), settled.process);
	for (int i = 0; i < SF_OPERATION_COUNT; i++)
		sf_match_operation(set, i, settled.operation[i]);
	settled.for_process = sf_process;
	atomic_store_explicit(&settled.ruleset_at, at, memory_order_release);
	return set;
}

/* Which operations does any rule meet on this socket in this process? */
static uint32_t operations_met(const struct sf_ruleset *set, struct sf_socket *socket)
{
	const struct sf_match *match = sf_match_of(sf_arena, set, socket);
	const uint64_t *bits = match ? match->bits : sf_match_socket(sf_arena, socket, false);
	uint32_t met = 0;

	for (uint32_t word = 0; bits && word < sf_rule_words(set); word++)
		for (uint64_t left = bits[word] & settled.process[word]; left; left &= left - 1)
			met |= sf_rule_touches(&set->rules[word * 64 + (unsigned)__builtin_ctzll(left)]);
	return met;
}

void sf_ask_anew(int fd)
{
	const struct sf_ruleset *set = sf_arena_rules(sf_arena);
	struct sf_socket *socket = sf_fd_socket(fd);

	if (socket && set)
		sf_match_socket(sf_arena, socket, false);
	sf_fd_set(fd, sf_fd_socket(fd));
}

void sf_ask_settle(int fd, uint64_t entry, struct sf_socket *socket)
{
	uint32_t generation = atomic_load_explicit(&sf_arena->generation, relaxed);
	const struct sf_ruleset *set;

	if (sf_entry_generation(entry) == (uint8_t)generation || !(set = rules_settled()))
		return;
	uint64_t was = entry;

	entry = sf_entry(sf_entry_place(entry), operations_met(set, socket), generation);
	/* Unless the number was closed, and perhaps given away, since it was read. */
	atomic_compare_exchange_strong_explicit(&sf_fd_table.entries[fd], &was, entry, relaxed, relaxed);
}

static size_t thread_name(char *name)
{
	if (sf_sys(SYS_prctl, PR_GET_NAME, name) != 0)
		return 0;
	return strnlen(name, 16);
}

static struct sf_asker asker_of(const struct sf_ruleset *set, const struct sf_self *self, const struct sf_call *c)
{
	return (struct sf_asker){
	    .arena = sf_arena,
	    .set = set,
	    .process = sf_self_process(),
	    .thread = sf_thread_at(sf_arena, self->thread),
	    .process_bits = settled.process,
	    .operation_bits = settled.operation[c->operation],
	    .now_ns = sf_self_now_ns,
	    .thread_name = thread_name,
	    .confirm = sf_effect_confirm,
	};
}

static void act(struct sf_call *c, const struct sf_rule *rule, const struct sf_fired *fired)
{
	c->random = fired->random;
	for (unsigned i = 0; i < rule->action_count; i++) {
		const struct sf_fault *fault = sf_faults[rule->actions[i].kind];

		if (fault->before)
			fault->before(c, &rule->actions[i].argument);
	}
}

/* A sandbox may kill for the other call that moves the rest: there it ends where it was cut. */
static bool can_split(const struct sf_call *c)
{
	return !(c->wishes & ~SF_WISH_HOLD) && sf_part_possible(c) &&
	       !atomic_load_explicit(&sf_self_process()->sandboxed, relaxed);
}

bool sf_ask(struct sf_call *c, struct sf_self *self)
{
	const struct sf_ruleset *set = rules_settled();
	struct sf_decision decision;

	if (!set)
		return false;
	struct sf_asker asker = asker_of(set, self, c);

	c->site_index = c->event ? c->event->site : sf_site_of(c->site);
	c->counts = 1;
	c->rules_page = sf_ruleset_page(sf_arena, set);
	sf_decide(&asker, c, &decision);
	size_t length = c->len;

	if (c->stranger)
		sf_look_disown(c);
	for (unsigned i = 0; i < decision.shaping_count; i++) {
		act(c, &set->rules[decision.shaping[i].rule], &decision.shaping[i]);
		/* It had fired when the silence began. */
		if (c->released && sf_rule_telling(&set->rules[decision.shaping[i].rule])->kind == SF_FAULT_latency)
			sf_decide_give_back(&asker, c, decision.shaping[i].rule);
	}
	if (decision.decided && c->released &&
	    sf_rule_telling(&set->rules[decision.deciding.rule])->kind == SF_FAULT_stall) { /* so had this one */
		sf_decide_give_back(&asker, c, decision.deciding.rule);
		decision.decided = false;
	}
	if (decision.decided) {
		c->rule = decision.deciding.rule + 1;
		c->realism = decision.deciding.realism;
		act(c, &set->rules[decision.deciding.rule], &decision.deciding);
	}
	c->splits = c->splits && c->len == length && can_split(c);
	if (!decision.decided && !decision.shaping_count)
		return c->finds_nothing;
	sf_record_decision(c, set, &decision, self);
	return true;
}

/* The rules that this call was counted by. NULL: others have taken their place, and count from zero. */
static const struct sf_ruleset *same_rules(const struct sf_call *c)
{
	const struct sf_ruleset *set = rules_settled();

	return set && c->rules_page == sf_ruleset_page(sf_arena, set) ? set : NULL;
}

void sf_ask_undo(struct sf_call *c)
{
	struct sf_self *self = sf_self_get();
	const struct sf_ruleset *set = self ? same_rules(c) : NULL;

	if (!set)
		return;
	struct sf_asker asker = asker_of(set, self, c);

	sf_decide_undo(&asker, c);
}

/* The rule did nothing after all: the call and its event are as if it had not met them. */
static void forget_rule(struct sf_call *c)
{
	c->rule = 0;
	c->wishes = 0;
	if (c->event) {
		c->event->rule = 0;
		c->event->fault = 0;
		c->event->realism = 0;
		c->event->ordinal = 0;
	}
}

void sf_ask_refuse(struct sf_call *c, struct sf_self *self)
{
	const struct sf_ruleset *set = same_rules(c);

	if (set) {
		struct sf_asker asker = asker_of(set, self, c);

		sf_decide_refuse(&asker, c, c->rule - 1u);
	}
	forget_rule(c);
}

static bool only_shortens(const struct sf_rule *rule)
{
	return rule->action_count == 1 && rule->actions[0].kind == SF_FAULT_short;
}

void sf_ask_give_back(struct sf_call *c)
{
	struct sf_self *self = c->rule && !c->wishes ? sf_self_get() : NULL;
	const struct sf_ruleset *set = self ? same_rules(c) : NULL;

	if (!set || !only_shortens(&set->rules[c->rule - 1]))
		return;
	if (c->ret >= 0 && sf_call_moved(c) >= c->len && c->len < c->asked)
		return;
	struct sf_asker asker = asker_of(set, self, c);

	sf_decide_give_back(&asker, c, c->rule - 1u);
	atomic_fetch_add_explicit(&sf_ruleset_counter(set, c->rule - 1u)->without_effect, 1, relaxed);
	forget_rule(c);
}

void sf_ask_for_respite(const struct sf_call *c)
{
	const struct sf_self *self = sf_self_get();
	const struct sf_ruleset *set = self ? same_rules(c) : NULL;

	if (!set)
		return;
	struct sf_asker asker = asker_of(set, self, c);

	sf_respite_grant(&asker, c);
}

uint64_t sf_ask_ahead(struct sf_call *c, struct sf_self *self)
{
	const struct sf_ruleset *set = rules_settled();

	if (!set)
		return 0;
	struct sf_asker asker = asker_of(set, self, c);

	return sf_decide_ahead(&asker, c);
}
