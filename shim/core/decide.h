/* SPDX-License-Identifier: MIT
 *
 * decide.h -- WHETHER a fault happens. The only place.
 *
 * sf_decide(asker, call, decision) gives the rule that decides this call, or none, and those that shape it. Pure but
 * for atomic adds on the rules' counters: (seed, rule, key, ordinal) decide, never time of day, pid or thread order
 * (tests/unit/test_decide.c). Safe in threads, in signal handlers and between fork and exec. Cannot fail. Knows nothing
 * of how a fault is carried out.
 */
#ifndef SF_CORE_DECIDE_H
#define SF_CORE_DECIDE_H

#include "core/arena.h"
#include "core/call.h"

#define SF_SHAPING_MAX 4

/* Who asks, and what only the gate can know. */
struct sf_asker {
	struct sf_arena *arena;
	const struct sf_ruleset *set;
	struct sf_process *process;
	struct sf_thread *thread;
	const uint64_t *process_bits;   /* sf_match_process */
	const uint64_t *operation_bits; /* sf_match_operation */
	uint64_t (*now_ns)(void);

	/* The thread's name, for thread=: length written to name[16]. */
	size_t (*thread_name)(char *name);

	/* Last word before an action is taken: what the kernel would have to agree to (would it block? is there a handler?
	 * is there anything to receive?). SF_REALISM_NONE: not now. *ready false: a non-blocking call that finds nothing
	 * ready; c->finds_nothing: and is told so, whatever comes before the kernel is asked. c->stranger: the call is none
	 * of this socket's. */
	enum sf_realism (*confirm)(struct sf_call *c, const struct sf_rule *rule, bool *ready);
};

/* A rule that fires. */
struct sf_fired {
	uint16_t rule;   /* index */
	uint8_t realism; /* enum sf_realism */
	uint32_t ordinal;
	uint64_t random;
};

struct sf_decision {
	bool decided;
	struct sf_fired deciding;
	unsigned shaping_count;
	struct sf_fired shaping[SF_SHAPING_MAX];
};

/* May shorten c->len, where a rule's offset= begins inside this transfer: the call then ends there. */
void sf_decide(const struct sf_asker *asker, struct sf_call *c, struct sf_decision *decision);

/* The call found nothing ready (EAGAIN): it is as if it had not been counted. */
void sf_decide_undo(const struct sf_asker *asker, struct sf_call *c);

/* The rule (an index) fired, but there was nothing for it: the injection is not counted. */
void sf_decide_give_back(const struct sf_asker *asker, const struct sf_call *c, unsigned rule);

/* The rule (an index) fired, but the kernel would not have it after all: it is as if it had not applied to the call. */
void sf_decide_refuse(const struct sf_asker *asker, struct sf_call *c, unsigned rule);

/* For how many ns would stall and latency keep silent what the next call of this kind finds (0: not at all)? Asked by
 * poll and its like, so that they and the call agree: the call draws the same lot, and is released then. `c` describes
 * the call as far as it is known; rules whose conditions only the call itself can meet are left to it. What keeps
 * silent is counted as an injection, the call is not counted. */
uint64_t sf_decide_ahead(const struct sf_asker *asker, struct sf_call *c);

/* ---- the parts of it that respites ask (respite.c) ---- */

/* Does the rule meet calls of this function and mode at all? */
bool sf_decide_meets(const struct sf_rule *rule, const struct sf_call *c);

/* Can all actions of the rule be done to this call, and how real are they together? */
enum sf_realism sf_decide_applies(const struct sf_asker *asker, const struct sf_rule *rule, const struct sf_call *c);

/* The first ordinal from `from` on that the rule's chance hits; `end`, if there is none before it. */
uint64_t
sf_decide_next_hit(const struct sf_asker *asker, unsigned rule, const struct sf_call *c, uint64_t from, uint64_t end);

/* Bytes that the connection has moved before the call, in its direction: where offset= stands. */
uint64_t sf_decide_moved(const struct sf_call *c);

#endif
