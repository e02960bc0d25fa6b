/* SPDX-License-Identifier: MIT
 *
 * decide.c -- the search: rules in file order, conditions from cheap to dear, then the counters. See decide.h.
 *
 * Each rule counts for itself, whether or not an earlier rule has decided the call; shaping rules (delay, latency,
 * rate) let the search go on.
 */
#include "core/decide.h"

#include <string.h>

#include "core/counts.h"
#include "core/fact.h"
#include "core/fault.h"
#include "core/match.h"
#include "core/payload.h"
#include "core/rng.h"

#define relaxed memory_order_relaxed

static bool within(uint64_t value, struct sf_range range)
{
	return range.low <= value && value <= range.high;
}

/* ---- conditions of one call ---- */

/* Does the text begin at this byte? It may go on in the next pieces. */
static bool
begins_at(const struct iovec *iov, size_t count, size_t piece, size_t offset, const char *want, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		while (piece < count && offset == iov[piece].iov_len) {
			piece++;
			offset = 0;
		}
		if (piece == count || !sf_readable(iov[piece].iov_base) ||
		    ((const char *)iov[piece].iov_base)[offset++] != want[n])
			return false;
	}
	return true;
}

static bool vector_contains(const struct iovec *iov, size_t count, const char *want, size_t length)
{
	for (size_t i = 0; sf_readable(iov) && i < count; i++)
		for (size_t at = 0; at < iov[i].iov_len; at++)
			if (begins_at(iov, count, i, at, want, length))
				return true;
	return length == 0;
}

static bool data_contains(const struct sf_call *c, const char *want, size_t length)
{
	switch (c->shape) {
	case SF_SHAPE_BUFFER:
		return sf_readable(c->out) && memmem(c->out, c->asked, want, length);
	case SF_SHAPE_VECTOR:
		return vector_contains(c->iov, (size_t)c->count, want, length);
	case SF_SHAPE_MESSAGE:
		return vector_contains(c->msg->msg_iov, c->msg->msg_iovlen, want, length);
	case SF_SHAPE_MESSAGES:
		for (int i = 0; i < c->count; i++)
			if (vector_contains(c->mmsg[i].msg_hdr.msg_iov, c->mmsg[i].msg_hdr.msg_iovlen, want, length))
				return true;
		return false;
	default:
		return false;
	}
}

/* Of a datagram: where it goes to; else where the socket last sent to or heard from. Of resolve: the name. */
static bool peer_holds(const struct sf_ruleset *set, const struct sf_rule *rule, const struct sf_call *c)
{
	struct sf_endpoint to;

	if (c->operation == SF_RESOLVE && c->name)
		return sf_match_glob(sf_text_of(set, rule->peer.written), rule->peer.written.length, c->name, strlen(c->name));
	if (c->address && sf_endpoint_from(&to, c->address, c->address_length))
		return sf_match_endpoint(set, &rule->peer, &to);
	return c->socket && sf_match_endpoint(set, &rule->peer, &c->socket->peer);
}

static bool file_holds(const struct sf_asker *asker, struct sf_text want, const struct sf_call *c)
{
	const struct sf_site *site = sf_site_at(asker->arena, c->site_index);
	const struct sf_object *object = site ? sf_object_at(asker->arena, site->object) : NULL;

	if (!object)
		return false;
	const char *slash = strrchr(object->path, '/');
	const char *name = slash ? slash + 1 : object->path;

	return sf_match_glob(sf_text_of(asker->set, want), want.length, name, strlen(name));
}

/* Return addresses lie behind the call: the byte before them is inside it. */
static bool site_holds(const struct sf_asker *asker, const struct sf_rule *rule, const struct sf_call *c)
{
	const struct sf_site *site = sf_site_at(asker->arena, c->site_index);

	for (uint32_t i = 0; site && i < rule->site_count; i++) {
		const struct sf_site_span *span = &asker->set->sites[rule->sites_at + i];

		if (file_holds(asker, span->object, c) && span->low <= site->offset - 1 && site->offset - 1 <= span->high)
			return true;
	}
	return false;
}

static bool thread_holds(const struct sf_asker *asker, const struct sf_rule *rule)
{
	char name[16];
	size_t length = asker->thread_name(name);

	return sf_match_glob(sf_text_of(asker->set, rule->thread), rule->thread.length, name, length);
}

/* A socket call without a socket yet has its family and type in its arguments. */
static bool creation_holds(const struct sf_rule *rule, const struct sf_call *c)
{
	if (rule->families && !(rule->families >> c->family & 1))
		return false;
	return !rule->types || rule->types >> c->type & 1;
}

static bool rare_conditions_hold(const struct sf_asker *asker, const struct sf_rule *rule, const struct sf_call *c)
{
	if (sf_rule_has(rule, SF_CONDITION_PEER) && (!c->socket || c->socket->type == SF_DGRAM) &&
	    !peer_holds(asker->set, rule, c))
		return false;
	if (sf_rule_has(rule, SF_CONDITION_CALLER) && !file_holds(asker, rule->caller, c))
		return false;
	if (sf_rule_has(rule, SF_CONDITION_SITE) && !site_holds(asker, rule, c))
		return false;
	if (sf_rule_has(rule, SF_CONDITION_THREAD) && !thread_holds(asker, rule))
		return false;
	if (sf_rule_has(rule, SF_CONDITION_DATA) &&
	    !data_contains(c, sf_text_of(asker->set, rule->data), rule->data.length))
		return false;
	return !sf_rule_has(rule, SF_CONDITION_TIME) || within(asker->now_ns(), rule->time);
}

#define RARE                                                                                                           \
	(SF_BIT(SF_CONDITION_PEER) | SF_BIT(SF_CONDITION_CALLER) | SF_BIT(SF_CONDITION_SITE) |                             \
	 SF_BIT(SF_CONDITION_THREAD) | SF_BIT(SF_CONDITION_DATA) | SF_BIT(SF_CONDITION_TIME))

/* splice is a send or a recv, by where the socket is: its row knows only the one. */
bool sf_decide_meets(const struct sf_rule *rule, const struct sf_call *c)
{
	if (rule->modes && !(rule->modes >> c->mode & 1))
		return false;
	if (c->operation == sf_func_rows[c->func].operation)
		return sf_rule_meets_func(rule, c->func);
	return rule->operations & SF_BIT(c->operation) &&
	       (!sf_rule_has(rule, SF_CONDITION_FUNC) || rule->funcs[c->func / 64] >> (c->func % 64) & 1);
}

static bool call_holds(const struct sf_asker *asker, const struct sf_rule *rule, const struct sf_call *c)
{
	if (!sf_decide_meets(rule, c))
		return false;
	if (sf_rule_has(rule, SF_CONDITION_SIZE) && !within(c->asked, rule->size))
		return false;
	if (!c->socket && !creation_holds(rule, c))
		return false;
	return !(rule->given & RARE) || rare_conditions_hold(asker, rule, c);
}

uint64_t sf_decide_moved(const struct sf_call *c)
{
	if (!c->socket)
		return 0;
	return atomic_load_explicit(c->operation == SF_SEND ? &c->socket->sent : &c->socket->received, relaxed);
}

static bool offset_holds(const struct sf_rule *rule, const struct sf_call *c)
{
	return !sf_rule_has(rule, SF_CONDITION_OFFSET) || within(sf_decide_moved(c), rule->offset);
}

/* ---- the search ---- */

static bool nth_holds(const struct sf_rule *rule, uint64_t ordinal)
{
	if (!sf_rule_has(rule, SF_CONDITION_NTH))
		return true;
	return within(ordinal, rule->nth) && (ordinal - rule->nth.low) % rule->nth_step == 0;
}

static uint64_t key_of(const struct sf_asker *asker, const struct sf_call *c)
{
	uint64_t hash = c->socket ? sf_socket_hash(asker->arena, c->socket) : 0;

	return hash ? hash : asker->thread->lineage_hash;
}

/* ---- chance= ----
 * For 64 ordinals in a row one number says which of them is the first that is hit, or that none is; those behind it are
 * drawn one by one. So it takes little to find out that a thousand calls are missed. */

#define ROW UINT64_C(64)

static uint64_t product(uint64_t a, uint64_t b) /* of parts of 2^64 */
{
	return (uint64_t)((unsigned __int128)a * b >> 64);
}

/* That a call is missed, of 2^64. */
static uint64_t miss_of(uint32_t chance)
{
	return chance == 0 ? UINT64_MAX : -(((uint64_t)chance << 44) / SF_CHANCE_ONE << 20);
}

/* That all of a row are. */
static uint64_t miss_of_row(uint64_t miss)
{
	for (uint64_t calls = 1; calls < ROW; calls *= 2)
		miss = product(miss, miss);
	return miss;
}

/* Which ordinal of a row, of which some is hit, is hit first. */
static uint64_t first_of_row(uint64_t miss, uint64_t random)
{
	uint64_t n = 0;

	for (uint64_t all = miss; n < ROW - 1 && random < all; n++)
		all = product(all, miss);
	return n;
}

static uint64_t next_hit(const struct sf_asker *asker, unsigned i, uint64_t key, uint64_t from, uint64_t end)
{
	uint32_t chance = asker->set->rules[i].chance;
	uint64_t seed = asker->set->seed, miss = miss_of(chance), miss_row = miss_of_row(miss), next_row;

	for (; from < end; from = next_row) {
		uint64_t random = sf_rng(seed, i, key, ~(from / ROW)); /* no ordinal is as high */

		next_row = (from / ROW + 1) * ROW;
		if (random < miss_row)
			continue;
		uint64_t first = next_row - ROW + first_of_row(miss, random);

		if (from <= first)
			return first < end ? first : end;
		for (; from < next_row && from < end; from++)
			if (sf_rng_mix(sf_rng(seed, i, key, from)) % SF_CHANCE_ONE < chance)
				return from;
	}
	return end;
}

uint64_t
sf_decide_next_hit(const struct sf_asker *asker, unsigned i, const struct sf_call *c, uint64_t from, uint64_t end)
{
	return next_hit(asker, i, key_of(asker, c), from, end);
}

static bool chance_holds(const struct sf_asker *asker, unsigned i, const struct sf_call *c, uint64_t ordinal)
{
	return !sf_rule_has(&asker->set->rules[i], SF_CONDITION_CHANCE) ||
	       next_hit(asker, i, key_of(asker, c), ordinal, ordinal + 1) == ordinal;
}

/* What consider() would say to the next call that the rule counts; counts nothing. */
static bool would_fire(const struct sf_asker *asker, unsigned i, const struct sf_call *c)
{
	const struct sf_rule *rule = &asker->set->rules[i];
	struct sf_counts counts = sf_counts_of(asker, i, c);
	struct sf_ordinals next = sf_counts_add(&counts, 0);

	return !counts.lost && !sf_counts_are_exhausted(rule, &counts) && nth_holds(rule, next.nth) &&
	       chance_holds(asker, i, c, next.key);
}

/* Does a call that meets all actions of the rule at a place inside it only take longer? One that takes all it is given
 * does. A thread that sleeps may do so inside any call. */
static bool only_waits(const struct sf_rule *rule, const struct sf_call *c)
{
	bool takes_all = c->mode != SF_NONBLOCKING && (c->operation == SF_SEND || c->flags & MSG_WAITALL);

	for (unsigned i = 0; i < rule->action_count; i++)
		if (!sf_faults[rule->actions[i].kind]->waits || !(takes_all || rule->actions[i].kind == SF_FAULT_delay))
			return false;
	return true;
}

/* A transfer that would cross the beginning of offset= ends there, so that the next one begins exactly at it; or it is
 * split there, and goes on after the wait. */
static void end_at_offset(const struct sf_asker *asker, unsigned i, struct sf_call *c)
{
	uint64_t at = sf_decide_moved(c), low = asker->set->rules[i].offset.low;

	if (c->type != SF_STREAM || at >= low || !would_fire(asker, i, c))
		return;
	uint64_t most = sf_payload_at_least(c, low - at);

	if (c->len < most)
		return;
	bool splits = only_waits(&asker->set->rules[i], c);

	c->splits = splits && (c->len > most || c->splits);
	c->len = (size_t)most;
}

static enum sf_realism worse(enum sf_realism a, enum sf_realism b)
{
	return a > b ? a : b;
}

static bool shapes(const struct sf_rule *rule)
{
	for (unsigned i = 0; i < rule->action_count; i++)
		if (!sf_faults[rule->actions[i].kind]->shapes)
			return false;
	return true;
}

/* Can all actions of the rule be done to this call, and how real are they together? */
enum sf_realism sf_decide_applies(const struct sf_asker *asker, const struct sf_rule *rule, const struct sf_call *c)
{
	enum sf_realism realism = SF_KERNEL;

	for (unsigned i = 0; i < rule->action_count; i++) {
		enum sf_realism one = sf_action_applies(&rule->actions[i], c);

		if (one == SF_REALISM_NONE || (one == SF_POSIX && asker->arena->realism == SF_KERNEL))
			return SF_REALISM_NONE;
		realism = worse(realism, one);
	}
	return realism;
}

/* The parts of a split call are one call: only what begins at a place inside it is new. */
static bool begins_inside(const struct sf_rule *rule, const struct sf_call *c)
{
	return !c->parted || (sf_rule_has(rule, SF_CONDITION_OFFSET) && rule->offset.low > sf_decide_moved(c) - c->parted);
}

static void note(struct sf_decision *decision, const struct sf_rule *rule, struct sf_fired fired)
{
	if (shapes(rule)) {
		if (decision->shaping_count < SF_SHAPING_MAX)
			decision->shaping[decision->shaping_count++] = fired;
		return;
	}
	decision->decided = true;
	decision->deciding = fired;
}

/* The range of time= may end, and bytes may be moved by another thread, before a call that finds nothing is taken back:
 * so it is remembered who counted it. */
static void remember(struct sf_call *c, unsigned i, bool counted)
{
	if (i < SF_COUNTED_MAX)
		c->counted[i / 64] = (c->counted[i / 64] & ~(UINT64_C(1) << i % 64)) | (uint64_t)counted << i % 64;
}

static void uncount(const struct sf_counts *counts, struct sf_call *c, unsigned i)
{
	sf_counts_add(counts, UINT32_MAX);
	atomic_fetch_add_explicit(&counts->run->not_applicable, 1, relaxed);
	remember(c, i, false);
}

/* The rule meets the call and applies to it: count, and see whether it fires. */
static void consider(
    const struct sf_asker *asker, unsigned i, struct sf_call *c, enum sf_realism realism, struct sf_decision *decision)
{
	const struct sf_rule *rule = &asker->set->rules[i];
	struct sf_counts counts = sf_counts_of(asker, i, c);
	bool ready = true;

	if (counts.lost) { /* better no fault than one in the wrong place; the summary says that there was no room */
		atomic_fetch_add_explicit(&asker->arena->events_lost, 1, relaxed);
		return;
	}
	struct sf_ordinals ordinals = sf_counts_add(&counts, 1);

	remember(c, i, true);
	if (!nth_holds(rule, ordinals.nth) || sf_counts_are_exhausted(rule, &counts) ||
	    !chance_holds(asker, i, c, ordinals.key))
		return;
	if (decision->decided) {
		atomic_fetch_add_explicit(&counts.run->shadowed, 1, relaxed);
		return;
	}
	if (c->finds_nothing)
		return;
	enum sf_realism confirmed = asker->confirm(c, rule, &ready);

	if (!ready || c->stranger)
		return; /* the call will say EAGAIN, and sf_decide_undo takes the count back */
	if (confirmed == SF_REALISM_NONE || (confirmed == SF_POSIX && asker->arena->realism == SF_KERNEL)) {
		uncount(&counts, c, i);
		return;
	}
	uint64_t random = sf_rng(asker->set->seed, i, key_of(asker, c), ordinals.key);

	if (sf_counts_may_fire(rule, &counts))
		note(
		    decision, rule,
		    (struct sf_fired){(uint16_t)i, (uint8_t)worse(realism, confirmed), (uint32_t)ordinals.nth, random});
}

static uint64_t
candidates(const struct sf_asker *asker, const struct sf_call *c, const uint64_t *socket_bits, uint32_t word)
{
	uint64_t bits = asker->operation_bits[word] & asker->process_bits[word];

	return c->socket ? (socket_bits ? bits & socket_bits[word] : 0) : bits;
}

static const uint64_t *socket_bits_of(const struct sf_asker *asker, const struct sf_call *c)
{
	/* Bits of other rules, which were loaded a moment ago: none of ours is known to meet. */
	const struct sf_match *match = c->socket ? sf_match_of(asker->arena, asker->set, c->socket) : NULL;

	return match ? match->bits : NULL;
}

/* It was found out that the call is on another socket than was thought: nobody has counted it. */
static void forget(const struct sf_asker *asker, struct sf_call *c, struct sf_decision *decision)
{
	sf_decide_undo(asker, c);
	for (unsigned i = 0; i < decision->shaping_count; i++)
		sf_decide_give_back(asker, c, decision->shaping[i].rule);
	if (decision->decided)
		sf_decide_give_back(asker, c, decision->deciding.rule);
	decision->decided = false;
	decision->shaping_count = 0;
	c->len = c->asked;
	c->splits = 0;
}

void sf_decide(const struct sf_asker *asker, struct sf_call *c, struct sf_decision *decision)
{
	const uint64_t *socket_bits = socket_bits_of(asker, c);

	decision->decided = false;
	decision->shaping_count = 0;
	for (uint32_t word = 0; word < sf_rule_words(asker->set); word++)
		for (uint64_t bits = candidates(asker, c, socket_bits, word); bits; bits &= bits - 1) {
			unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);
			const struct sf_rule *rule = &asker->set->rules[i];

			if (!begins_inside(rule, c) || !call_holds(asker, rule, c))
				continue;
			enum sf_realism realism = sf_decide_applies(asker, rule, c);

			if (!offset_holds(rule, c)) {
				if (realism != SF_REALISM_NONE)
					end_at_offset(asker, i, c);
				continue;
			}
			if (realism != SF_REALISM_NONE && (!c->parted || only_waits(rule, c)))
				consider(asker, i, c, realism, decision);
			if (c->stranger) {
				forget(asker, c, decision);
				return;
			}
			if (realism == SF_REALISM_NONE)
				atomic_fetch_add_explicit(&sf_ruleset_counter(asker->set, i)->not_applicable, 1, relaxed);
		}
}

static bool was_counted(const struct sf_asker *asker, unsigned i, const struct sf_call *c)
{
	const struct sf_rule *rule = &asker->set->rules[i];

	if (i < SF_COUNTED_MAX)
		return c->counted[i / 64] >> i % 64 & 1;
	return call_holds(asker, rule, c) && offset_holds(rule, c) && sf_decide_applies(asker, rule, c) != SF_REALISM_NONE;
}

void sf_decide_undo(const struct sf_asker *asker, struct sf_call *c)
{
	const uint64_t *socket_bits = socket_bits_of(asker, c);

	for (uint32_t word = 0; word < sf_rule_words(asker->set); word++)
		for (uint64_t bits = candidates(asker, c, socket_bits, word); bits; bits &= bits - 1) {
			unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);

			if (!was_counted(asker, i, c))
				continue;
			struct sf_counts counts = sf_counts_of(asker, i, c);

			if (!counts.lost)
				sf_counts_add(&counts, UINT32_MAX);
		}
}

void sf_decide_give_back(const struct sf_asker *asker, const struct sf_call *c, unsigned rule)
{
	struct sf_counts counts = sf_counts_of(asker, rule, c);

	sf_counts_give_back(&asker->set->rules[rule], &counts);
}

void sf_decide_refuse(const struct sf_asker *asker, struct sf_call *c, unsigned rule)
{
	struct sf_counts counts = sf_counts_of(asker, rule, c);

	uncount(&counts, c, rule);
	sf_decide_give_back(asker, c, rule);
}

/* ---- before the call ---- */

/* Conditions that only the call itself can meet. */
#define OF_THE_CALL                                                                                                    \
	(SF_BIT(SF_CONDITION_FUNC) | SF_BIT(SF_CONDITION_CALLER) | SF_BIT(SF_CONDITION_SITE) |                             \
	 SF_BIT(SF_CONDITION_THREAD) | SF_BIT(SF_CONDITION_SIZE) | SF_BIT(SF_CONDITION_DATA))

static bool only_keeps_silent(const struct sf_rule *rule)
{
	for (unsigned i = 0; i < rule->action_count; i++)
		if (rule->actions[i].kind != SF_FAULT_latency && rule->actions[i].kind != SF_FAULT_stall)
			return false;
	return true;
}

/* The rule's silence, added to the call's. */
static void keep_silent(const struct sf_asker *asker, unsigned i, struct sf_call *c)
{
	const struct sf_rule *rule = &asker->set->rules[i];
	struct sf_counts counts = sf_counts_of(asker, i, c);

	if (!sf_counts_may_fire(rule, &counts))
		return;
	c->random = sf_rng(asker->set->seed, i, key_of(asker, c), sf_counts_add(&counts, 0).key);
	for (unsigned k = 0; k < rule->action_count; k++)
		sf_faults[rule->actions[k].kind]->before(c, &rule->actions[k].argument);
}

static uint64_t silence_of(const struct sf_call *c)
{
	uint64_t stalled_ns = c->wishes & SF_WISH_HOLD ? c->hold_ns : 0;

	return stalled_ns > UINT64_MAX - c->latency_ns ? UINT64_MAX : stalled_ns + c->latency_ns;
}

uint64_t sf_decide_ahead(const struct sf_asker *asker, struct sf_call *c)
{
	const uint64_t *socket_bits = socket_bits_of(asker, c);

	for (uint32_t word = 0; word < sf_rule_words(asker->set); word++)
		for (uint64_t bits = candidates(asker, c, socket_bits, word); bits; bits &= bits - 1) {
			unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);
			const struct sf_rule *rule = &asker->set->rules[i];

			if (rule->given & OF_THE_CALL || !call_holds(asker, rule, c) || !offset_holds(rule, c) ||
			    sf_decide_applies(asker, rule, c) == SF_REALISM_NONE || !would_fire(asker, i, c))
				continue;
			if (only_keeps_silent(rule))
				keep_silent(asker, i, c);
			if (!shapes(rule)) /* this one decides the call */
				return silence_of(c);
		}
	return silence_of(c);
}
