/* SPDX-License-Identifier: MIT
 *
 * respite.h -- calls that no rule does anything to, for a while, are counted and nothing is asked.
 *
 * Most rules that meet a connection do nothing to most of its calls: nth= is far, the chance says no, the offset is not
 * reached. How many calls that holds for can be told beforehand, for a call is met by its ordinal alone. So after a
 * plain transfer the rules that count it are asked for the next call that may interest one of them
 * (sf_respite_grant), and as many calls before it are let through as were found: each takes one from two allowances,
 * that of the connection (per=conn, chance) and that of the run (nth of the whole run). Rules that count the same calls
 * are a group, and have the allowance of the run together.
 *
 * An allowance is one word: how many calls it has let through, which belongs to the ordinals of every rule of the
 * group, and how many it will still let through. Who counts a call in any other way withdraws what is left first, and
 * adds what was spent (counts.c): so each ordinal is given once, and a call that may interest a rule is decided like
 * any other. Whatever changes what a rule has counted withdraws too. A new allowance is claimed before the counters are
 * read, given only if nobody is counting, and not published if somebody has counted meanwhile.
 *
 * Everything here is in the arena, and shared by all processes that have the socket. No locks: nobody waits for who
 * died between two steps; at worst no respites are given any more, and each call is decided one by one.
 */
#ifndef SF_CORE_RESPITE_H
#define SF_CORE_RESPITE_H

#include "core/arena.h"
#include "core/call.h"

/* From the lowest bit: calls let through and calls left, together; a number that each claim moves on; whether a thread
 * is about to set what is left; calls left. So a call is taken by one subtraction, which says by its sign whether there
 * was any: below zero there are those that found none, and are about to add their call again. */
#define SF_ALLOWANCE_GIVEN ((UINT64_C(1) << 37) - 1)
#define SF_ALLOWANCE_CLAIMS (UINT64_C(0x3ff) << 37)
#define SF_ALLOWANCE_CLAIM (UINT64_C(1) << 47)
#define SF_ALLOWANCE_ONE (UINT64_C(1) << 48)
#define SF_ALLOWANCE_MOST UINT64_C(0x3fff)

/* Rules that count the same calls. One cache line. */
struct sf_group {
	_Alignas(64) _Atomic uint64_t allowance;
	_Atomic uint32_t state; /* enum sf_group_state */
	uint16_t count;
	uint16_t rules[25]; /* indices */
};

#define SF_GROUPS 16

struct sf_groups {
	/* Counts that are under way one by one (sf_counts_add): nobody is given a respite meanwhile, for one of them may
	 * have an ordinal coming that lies before all that others see. And SF_GRANTING: respites are given one after
	 * another, for two groups may count for the same rule. */
	_Alignas(64) _Atomic uint64_t counting;
	struct sf_group group[SF_GROUPS];
};

#define SF_GRANTING (UINT64_C(1) << 32)

enum sf_group_state { SF_GROUP_NONE, SF_GROUP_IN_MAKING, SF_GROUP_MADE };

#define SF_GROUP_RULES (sizeof(((struct sf_group *)0)->rules) / sizeof(uint16_t))

/* Of the sends or the receives of one socket. */
struct sf_respite {
	_Atomic uint64_t allowance;
	_Atomic uint64_t bytes_before; /* no call that goes on beyond them has it: there some offset= begins or ends */
	_Atomic uint64_t kind;         /* of its calls, sf_respite_kind(); 0: none yet; once it is set it stays */
	_Atomic int64_t group_ahead;   /* struct sf_group: so many bytes from here; 0: none yet */
};

/* What is settled once of a socket and a set of rules: sf_socket.match_at. */
struct sf_match {
	_Alignas(64) struct sf_respite respites[2]; /* of sends, of receives */
	uint64_t bits[];                            /* of rules whose static conditions hold: (rules + 63) / 64 words */
};

_Static_assert(sizeof(struct sf_group) == 64 && offsetof(struct sf_match, bits) == 64, "one cache line each");

/* No call is of this kind. */
#define SF_RESPITE_NEVER UINT64_MAX

/* `mode` is the socket's own: what the flags make of it is in the flags. */
static inline uint64_t sf_respite_kind(enum sf_func func, unsigned mode, int flags)
{
	return (uint64_t)(uint32_t)flags << 32 | (uint64_t)mode << 16 | func;
}

/* enum sf_mode of plain transfers of a stream; 0: there is more to them. */
static inline unsigned sf_socket_mode(const struct sf_socket *socket, enum sf_operation operation)
{
	return operation == SF_SEND ? socket->send_mode : socket->receive_mode;
}

/* NULL: no such rules, or other ones. */
static inline struct sf_match *
sf_match_of(struct sf_arena *arena, const struct sf_ruleset *set, const struct sf_socket *s)
{
	uint64_t at = atomic_load_explicit(&s->match_at, memory_order_acquire);

	return at && atomic_load_explicit(&s->match_rules, memory_order_relaxed) == sf_ruleset_page(arena, set)
	           ? sf_arena_piece(arena, at)
	           : NULL;
}

/* ---- allowances ---- */

/* By the half of the word that has what is left: a smaller number to subtract. The other half stays as it is. */
static inline bool sf_allowance_is_taken(_Atomic uint64_t *allowance)
{
	typedef _Atomic uint32_t half __attribute__((may_alias));
	half *left = (half *)allowance + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
	uint32_t one = SF_ALLOWANCE_ONE >> 32;

	return __builtin_expect((int32_t)(atomic_fetch_sub(left, one) - one) >= 0, 1);
}

/* There was none to take: as it was before. */
static inline void sf_allowance_return(_Atomic uint64_t *allowance)
{
	atomic_fetch_add(allowance, SF_ALLOWANCE_ONE);
}

static inline bool sf_allowance_take(_Atomic uint64_t *allowance)
{
	if (sf_allowance_is_taken(allowance))
		return true;
	sf_allowance_return(allowance);
	return false;
}

/* The call found nothing: it is as if it had not been let through. */
static inline void sf_allowance_undo(_Atomic uint64_t *allowance)
{
	atomic_fetch_sub(allowance, 1);
}

static inline uint64_t sf_allowance_left(uint64_t word)
{
	return (int64_t)word > 0 ? word / SF_ALLOWANCE_ONE : 0;
}

static inline uint64_t sf_allowance_spent(uint64_t word)
{
	return (word & SF_ALLOWANCE_GIVEN) - sf_allowance_left(word);
}

/* Nothing is left, nor will be by a claim of before; how much was spent. */
static inline uint64_t sf_allowance_withdraw(_Atomic uint64_t *allowance)
{
	uint64_t was = atomic_load(allowance), left;

	do
		left = sf_allowance_left(was);
	while (
	    (left || was & SF_ALLOWANCE_CLAIM) &&
	    !atomic_compare_exchange_weak(allowance, &was, (was & ~SF_ALLOWANCE_CLAIM) - left * SF_ALLOWANCE_ONE - left));
	return sf_allowance_spent(was);
}

/* Spent or left. */
static inline uint64_t sf_allowance_all(const _Atomic uint64_t *allowance)
{
	return atomic_load(allowance) & SF_ALLOWANCE_GIVEN;
}

/* ---- the quick way ---- */

/* Rules that all count in the run alone need no allowance of the connection, and without an offset= to come it does not
 * matter how much a call moves: such a call takes from one word, in whatever thread or process. It is asked about here
 * and nowhere else. */
static inline struct sf_quick *sf_quick_of(struct sf_socket *socket, enum sf_operation operation)
{
	return &socket->quick[operation == SF_SEND];
}

static inline _Atomic uint64_t *sf_quick_word(const struct sf_socket *socket, const struct sf_quick *quick)
{
	return (_Atomic uint64_t *)((uintptr_t)socket + (uintptr_t)quick->word_ahead);
}

static inline bool sf_quick_take(struct sf_socket *socket, enum sf_operation operation, enum sf_func func, int flags)
{
	const struct sf_quick *quick = sf_quick_of(socket, operation);

	if (__builtin_expect(quick->func != func || quick->flags != (uint32_t)flags, 0))
		return false;
	if (sf_allowance_is_taken(sf_quick_word(socket, quick)))
		return true;
	__asm__("" : "+r"(quick)); /* else gcc has the sum of both ready for this, at each call */
	sf_allowance_return(sf_quick_word(socket, quick));
	return false;
}

/* ---- the same with an allowance of the connection ---- */

static inline struct sf_respite *sf_respite_of(const struct sf_arena *arena, const struct sf_socket *socket, bool sends)
{
	struct sf_match *match = sf_arena_at(arena, atomic_load_explicit(&socket->match_at, memory_order_acquire));

	return &match->respites[!sends];
}

/* Of one that has a kind. */
static inline struct sf_group *sf_respite_group(const struct sf_respite *respite)
{
	int64_t ahead = atomic_load_explicit(&respite->group_ahead, memory_order_acquire);

	return (struct sf_group *)((uintptr_t)respite + (uintptr_t)ahead);
}

static inline void sf_respite_undo(struct sf_respite *respite)
{
	sf_allowance_undo(&respite->allowance);
	sf_allowance_undo(&sf_respite_group(respite)->allowance);
}

/* A call of this kind on a socket that some rule meets, which would have moved so many bytes on the socket if it moved
 * all it may. True: it is counted, and no rule does anything to it. */
static inline bool sf_respite_take(struct sf_respite *respite, uint64_t kind, uint64_t bytes_after)
{
	if (atomic_load_explicit(&respite->kind, memory_order_relaxed) != kind ||
	    bytes_after > atomic_load_explicit(&respite->bytes_before, memory_order_relaxed) ||
	    !sf_allowance_take(&respite->allowance))
		return false;
	if (sf_allowance_take(&sf_respite_group(respite)->allowance))
		return true;
	sf_allowance_undo(&respite->allowance);
	return false;
}

/* ---- the slow way ---- */

struct sf_asker;

/* The groups of a set that was loaded lie behind its counters. */
static inline struct sf_groups *sf_ruleset_groups(const struct sf_ruleset *set)
{
	return (struct sf_groups *)(void *)sf_ruleset_counter(set, set->count);
}

/* Calls that a rule of the arena has counted: with those that were let through. */
uint64_t sf_arena_seen(const struct sf_arena *arena, unsigned rule);

/* After a plain transfer of a stream that the rules were asked about: how many like it they have nothing to do with. */
void sf_respite_grant(const struct sf_asker *asker, const struct sf_call *c);

/* The socket meets other rules than before: there is no respite on it from now on. */
void sf_respite_end(struct sf_socket *socket, struct sf_match *match);

/* Another process is about to have the socket as well: a call takes from one allowance from now on, or from none. Of
 * two that took from the connection's and the run's, one after another, one could see a call there that is given back.
 */
void sf_respite_share(const struct sf_arena *arena, struct sf_socket *socket);

#endif
