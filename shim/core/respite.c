/* SPDX-License-Identifier: MIT
 *
 * respite.c -- the slow half of respite.h: which rules count a kind of call, and how many calls they do nothing to.
 */
#include "core/respite.h"

#include <errno.h>
#include <string.h>

#include "core/counts.h"
#include "core/decide.h"
#include "core/match.h"

#define relaxed memory_order_relaxed

/* What can be told beforehand of a rule is its ordinals, and what stays as it is for all calls of a kind on a socket.
 * (process= and program= are of one of the processes that have the socket.) */
#define FORESEEN                                                                                                       \
	(SF_BIT(SF_CONDITION_PEER) | SF_BIT(SF_CONDITION_LOCAL) | SF_BIT(SF_CONDITION_FAMILY) |                            \
	 SF_BIT(SF_CONDITION_TYPE) | SF_BIT(SF_CONDITION_SIDE) | SF_BIT(SF_CONDITION_CONN) | SF_BIT(SF_CONDITION_KEY) |    \
	 SF_BIT(SF_CONDITION_FUNC) | SF_BIT(SF_CONDITION_MODE) | SF_BIT(SF_CONDITION_OFFSET) | SF_BIT(SF_CONDITION_NTH) |  \
	 SF_BIT(SF_CONDITION_PER) | SF_BIT(SF_CONDITION_TIMES) | SF_BIT(SF_CONDITION_CHANCE))

/* Only now and then a rule with one of these fires. */
#define RARELY (SF_BIT(SF_CONDITION_NTH) | SF_BIT(SF_CONDITION_TIMES) | SF_BIT(SF_CONDITION_CHANCE))

/* The rules that count calls like this one, and up to which byte that holds. */
struct survey {
	const struct sf_asker *asker;
	const struct sf_call *c;
	uint64_t bytes_before;
	unsigned count;
	uint16_t rules[SF_GROUP_RULES];
};

enum answer { YES, NOT_NOW, NEVER };

static enum answer look_at(struct survey *survey, unsigned i)
{
	const struct sf_rule *rule = &survey->asker->set->rules[i];
	uint64_t moved = sf_decide_moved(survey->c);
	bool has_offset = sf_rule_has(rule, SF_CONDITION_OFFSET);

	if (!sf_decide_meets(rule, survey->c) || (has_offset && moved > rule->offset.high))
		return YES;
	if (has_offset && moved < rule->offset.low) {
		if (rule->offset.low < survey->bytes_before)
			survey->bytes_before = rule->offset.low;
		return YES;
	}
	if (has_offset)
		return NOT_NOW;
	if (rule->given & ~FORESEEN || !(rule->given & RARELY) || rule->per > SF_PER_CONN ||
	    survey->count == SF_GROUP_RULES || sf_decide_applies(survey->asker, rule, survey->c) == SF_REALISM_NONE)
		return NEVER;
	survey->rules[survey->count++] = (uint16_t)i;
	return YES;
}

/* The rules of all processes: the respite is theirs too. */
static enum answer look_at_all(struct survey *survey, const struct sf_match *match)
{
	enum answer worst = YES;

	for (uint32_t word = 0; word < sf_rule_words(survey->asker->set) && worst != NEVER; word++)
		for (uint64_t bits = survey->asker->operation_bits[word] & match->bits[word]; bits; bits &= bits - 1) {
			enum answer one = look_at(survey, word * 64 + (unsigned)__builtin_ctzll(bits));

			worst = one > worst ? one : worst;
		}
	return worst;
}

/* ---- groups ---- */

static bool is_group_of(const struct sf_group *group, const struct survey *survey)
{
	return group->count == survey->count &&
	       memcmp(group->rules, survey->rules, survey->count * sizeof survey->rules[0]) == 0;
}

static void make_group(struct sf_group *group, unsigned n, const struct survey *survey)
{
	group->count = (uint16_t)survey->count;
	memcpy(group->rules, survey->rules, survey->count * sizeof survey->rules[0]);
	for (unsigned i = 0; i < survey->count; i++)
		atomic_fetch_or(&sf_ruleset_counter(survey->asker->set, survey->rules[i])->groups, UINT64_C(1) << n);
	atomic_store_explicit(&group->state, SF_GROUP_MADE, memory_order_release);
}

/* NULL: there are too many. Two of the same rules do no harm. */
static struct sf_group *group_of(const struct survey *survey)
{
	struct sf_group *groups = sf_ruleset_groups(survey->asker->set)->group;

	for (unsigned n = 0; n < SF_GROUPS; n++) {
		uint32_t state = atomic_load_explicit(&groups[n].state, memory_order_acquire);

		if (state == SF_GROUP_MADE && is_group_of(&groups[n], survey))
			return &groups[n];
		if (state != SF_GROUP_NONE || !atomic_compare_exchange_strong(&groups[n].state, &state, SF_GROUP_IN_MAKING))
			continue;
		make_group(&groups[n], n, survey);
		return &groups[n];
	}
	return NULL;
}

uint64_t sf_arena_seen(const struct sf_arena *arena, unsigned rule)
{
	const struct sf_counter *counter = sf_arena_counter(arena, rule);
	const struct sf_ruleset *set = sf_arena_rules(arena);
	uint64_t seen = atomic_load_explicit(&counter->seen, relaxed);
	uint64_t groups = set ? atomic_load_explicit(&counter->groups, relaxed) : 0;
	uint64_t fired = atomic_load_explicit(&counter->fired, relaxed);

	/* No more than there are: a program may have written anything there. */
	for (uint64_t left = groups & ((UINT64_C(1) << SF_GROUPS) - 1); left; left &= left - 1)
		seen += sf_allowance_spent(
		    atomic_load_explicit(&sf_ruleset_groups(set)->group[__builtin_ctzll(left)].allowance, relaxed));
	/* What came of a call that a wait has asked for ahead (sf_decide_ahead) is counted before it is made, if it ever
	 * is. */
	return seen > fired ? seen : fired;
}

/* ---- how far ---- */

/* Calls that the rules do nothing to: of the run, and of the connection. */
struct reach {
	uint64_t run, connection;
};

/* The first ordinal from this one on that nth= names; UINT64_MAX: none. */
static uint64_t next_nth(const struct sf_rule *rule, uint64_t from)
{
	if (from <= rule->nth.low)
		return rule->nth.low;
	uint64_t behind = (from - rule->nth.low) % rule->nth_step;
	uint64_t next = behind ? from + (rule->nth_step - behind) : from;

	return next >= from && next <= rule->nth.high ? next : UINT64_MAX;
}

/* The first ordinal from this one on that the chance hits, or as far as was looked. What was found out is kept. */
static uint64_t next_hit(const struct survey *survey, unsigned i, const struct sf_counts *counts, uint64_t from)
{
	enum { FIRST = 1024, MORE = SF_ALLOWANCE_MOST, SOON = 64 };
	uint64_t known = atomic_load_explicit(&counts->key->missed, relaxed);
	uint64_t begin = known >> 32, end = (uint32_t)known;
	bool is_new = from < begin || from > end;

	if (is_new)
		begin = end = from;
	if (end <= from + SOON)
		end = sf_decide_next_hit(survey->asker, i, survey->c, end, end + (is_new ? FIRST : MORE));
	if (end <= UINT32_MAX)
		atomic_store_explicit(&counts->key->missed, begin << 32 | end, relaxed);
	return end;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void reach_up_to(struct reach *reach, const struct survey *survey, unsigned i)
{
	const struct sf_rule *rule = &survey->asker->set->rules[i];
	struct sf_counts counts = sf_counts_of(survey->asker, i, survey->c);
	struct sf_ordinals next = sf_counts_next(&counts);
	bool is_nth = sf_rule_has(rule, SF_CONDITION_NTH);

	if (sf_counts_are_exhausted(rule, &counts) && !counts.lost)
		return;
	if (is_nth && rule->per == SF_PER_RUN)
		reach->run = lesser(reach->run, next_nth(rule, next.nth) - next.nth);
	else if (is_nth && counts.key)
		reach->connection = lesser(reach->connection, next_nth(rule, next.nth) - next.nth);
	else if (sf_rule_has(rule, SF_CONDITION_CHANCE) && counts.key)
		reach->connection = lesser(reach->connection, next_hit(survey, i, &counts, next.key) - next.key);
	else
		reach->run = reach->connection = 0;
}

/* ---- granting ---- */

/* The word of a claim of ours, or 0: others have one, or something is left. */
static uint64_t claim(_Atomic uint64_t *allowance)
{
	uint64_t was = atomic_load(allowance);
	uint64_t number = (was + SF_ALLOWANCE_GIVEN + 1) & SF_ALLOWANCE_CLAIMS;
	uint64_t mine = (was & SF_ALLOWANCE_GIVEN) | number | SF_ALLOWANCE_CLAIM;

	return was < SF_ALLOWANCE_CLAIM && atomic_compare_exchange_strong(allowance, &was, mine) ? mine : 0;
}

/* Unless somebody has counted since the claim. */
static void publish(_Atomic uint64_t *allowance, uint64_t mine, uint64_t calls)
{
	uint64_t left = lesser(calls, SF_ALLOWANCE_MOST);

	if (mine)
		atomic_compare_exchange_strong(allowance, &mine, (mine & ~SF_ALLOWANCE_CLAIM) + left * SF_ALLOWANCE_ONE + left);
}

/* False: the socket has given its respites to calls of another kind, or none are possible. */
static bool settle_kind(struct sf_respite *respite, uint64_t kind, const struct sf_group *group)
{
	int64_t ahead = (int64_t)((uintptr_t)group - (uintptr_t)respite), none = 0;
	uint64_t no_kind = 0;

	if (!atomic_compare_exchange_strong(&respite->group_ahead, &none, ahead) && none != ahead)
		return false;
	return atomic_compare_exchange_strong(&respite->kind, &no_kind, kind) || no_kind == kind;
}

/* Do all of them count in the run alone, whatever a call moves or is asked to? */
static bool is_quick(const struct survey *survey)
{
	if (survey->bytes_before != INT64_MAX)
		return false;
	for (unsigned i = 0; i < survey->count; i++) {
		const struct sf_rule *rule = &survey->asker->set->rules[survey->rules[i]];

		if (rule->conn_slot != SF_NO_SLOT)
			return false;
		for (size_t asked = 0; asked < 2; asked++) {
			struct sf_call least = *survey->c;

			least.asked = least.len = asked;
			if (sf_decide_applies(survey->asker, rule, &least) == SF_REALISM_NONE)
				return false;
		}
	}
	return true;
}

static void make_quick(const struct sf_call *c, const struct sf_group *group)
{
	struct sf_quick *quick = sf_quick_of(c->socket, c->operation);
	bool is_nonblocking = sf_socket_mode(c->socket, c->operation) == SF_NONBLOCKING || c->flags & MSG_DONTWAIT;
	uint16_t again = is_nonblocking ? EAGAIN : 0, was = __atomic_load_n(&quick->again, __ATOMIC_RELAXED);
	int64_t ahead = (int64_t)((uintptr_t)&group->allowance - (uintptr_t)c->socket);

	__atomic_store_n(&quick->word_ahead, ahead, __ATOMIC_RELAXED);
	__atomic_store_n(&quick->flags, (uint32_t)c->flags, __ATOMIC_RELAXED);
	if (was != SF_LOOK_AGAIN)
		__atomic_compare_exchange_n(&quick->again, &was, again, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	__atomic_store_n(&quick->limit, INT64_MAX, __ATOMIC_SEQ_CST);
	if (atomic_load(&c->socket->state) != SF_LIVE)
		sf_quick_look(quick);
	__atomic_store_n(&quick->func, c->func, __ATOMIC_RELEASE);
}

/* Nobody may count meanwhile: who does from the claims on undoes them. */
static bool begin_granting(_Atomic uint64_t *counting)
{
	uint64_t nobody = 0;

	return atomic_compare_exchange_strong(counting, &nobody, SF_GRANTING);
}

static void grant(struct sf_respite *respite, struct sf_group *group, const struct survey *survey)
{
	_Atomic uint64_t *counting = &sf_ruleset_groups(survey->asker->set)->counting;
	bool quick = is_quick(survey), is_shared = atomic_load_explicit(&survey->c->socket->is_shared, relaxed);
	uint64_t in_run = claim(&group->allowance), here = quick || is_shared ? 0 : claim(&respite->allowance);
	struct reach reach = {UINT64_MAX, UINT64_MAX};

	/* Who finds others there leaves the claims with nothing. */
	if (!begin_granting(counting)) {
		publish(&group->allowance, in_run, 0);
		publish(&respite->allowance, here, 0);
		return;
	}
	for (unsigned i = 0; i < survey->count && (in_run || here); i++)
		reach_up_to(&reach, survey, survey->rules[i]);
	atomic_store_explicit(&respite->bytes_before, survey->bytes_before, relaxed);
	publish(&group->allowance, in_run, reach.run);
	publish(&respite->allowance, here, reach.connection);
	atomic_fetch_sub(counting, SF_GRANTING);
	if (quick)
		make_quick(survey->c, group);
}

void sf_respite_grant(const struct sf_asker *asker, const struct sf_call *c)
{
	struct sf_match *match = sf_match_of(asker->arena, asker->set, c->socket);
	struct sf_respite *respite = match ? &match->respites[c->operation != SF_SEND] : NULL;
	uint64_t kind = sf_respite_kind(c->func, sf_socket_mode(c->socket, c->operation), c->flags);
	uint64_t had = respite ? atomic_load_explicit(&respite->kind, relaxed) : SF_RESPITE_NEVER;
	struct survey survey = {.asker = asker, .c = c, .bytes_before = INT64_MAX};

	if (had && had != kind)
		return;
	enum answer answer = look_at_all(&survey, match);
	struct sf_group *group = answer == YES ? group_of(&survey) : NULL;

	if (answer == NEVER && !had)
		atomic_compare_exchange_strong(&respite->kind, &had, SF_RESPITE_NEVER);
	if (group && settle_kind(respite, kind, group))
		grant(respite, group, &survey);
}

void sf_respite_end(struct sf_socket *socket, struct sf_match *match)
{
	sf_quick_end(socket);
	for (unsigned i = 0; i < 2; i++) {
		atomic_store(&match->respites[i].kind, SF_RESPITE_NEVER);
		sf_allowance_withdraw(&match->respites[i].allowance);
	}
}

void sf_respite_share(const struct sf_arena *arena, struct sf_socket *socket)
{
	uint64_t at = atomic_load_explicit(&socket->match_at, memory_order_acquire);
	struct sf_match *match = sf_arena_piece(arena, at);

	atomic_store(&socket->is_shared, 1);
	for (unsigned i = 0; match && i < 2; i++)
		sf_allowance_withdraw(&match->respites[i].allowance);
}
