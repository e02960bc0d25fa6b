/* SPDX-License-Identifier: MIT
 *
 * counts.h -- the counters of one rule that a call concerns: in the run, on its connection, in its process or thread.
 * What calls in a respite have counted (respite.h) is part of each ordinal. Atomic adds, no more: safe everywhere.
 */
#ifndef SF_CORE_COUNTS_H
#define SF_CORE_COUNTS_H

#include "core/decide.h"
#include "core/respite.h"

struct sf_counts {
	struct sf_counter *run;
	struct sf_scope_counter *scope; /* what nth and times count within; NULL: the run */
	struct sf_scope_counter *key;   /* of the connection, else of the thread: what chance counts */
	bool lost;                      /* there is no room to count within what the rule says */
	struct sf_groups *groups;       /* of the rules */
	struct sf_match *match;         /* of the connection; NULL: it has no respite */
};

struct sf_ordinals {
	uint64_t nth; /* within what per= says */
	uint64_t key; /* on the connection */
};

struct sf_counts sf_counts_of(const struct sf_asker *asker, unsigned rule, const struct sf_call *c);

/* Counts `add` calls (0, 1, or UINT32_MAX: one less), and withdraws the respites that the rule has given. The ordinals
 * of the last one of them; of 0: of the call that comes next. */
struct sf_ordinals sf_counts_add(const struct sf_counts *counts, uint32_t add);

/* The latest that the next call can be, while others have respites that stay. */
struct sf_ordinals sf_counts_next(const struct sf_counts *counts);

/* Counts an injection if times= allows one more. */
bool sf_counts_may_fire(const struct sf_rule *rule, const struct sf_counts *counts);

/* The rule has fired, and it does not count after all. */
void sf_counts_give_back(const struct sf_rule *rule, const struct sf_counts *counts);

/* There have been as many as times= allows. */
bool sf_counts_are_exhausted(const struct sf_rule *rule, const struct sf_counts *counts);

#endif
