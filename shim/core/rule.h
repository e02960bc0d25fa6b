/* SPDX-License-Identifier: MIT
 *
 * rule.h -- THE MODEL: what a rule says, as plain data.
 *
 * A ruleset holds no pointers, so that it is copied into the arena by memcpy and read there by every process of the
 * tree. Text (globs, data, paths) lies in the set's own pool and is named by {at, length}. Every rule remembers where
 * it was written. sf_rule_print() and the parser are inverse: printing a rule and parsing it again gives an equal rule.
 * The format is sockfault-scenario(5).
 */
#ifndef SF_CORE_RULE_H
#define SF_CORE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/operation.h"

#define SF_RULES_MAX 4096
#define SF_ACTIONS_MAX 6
#define SF_TEXT_MAX (64 * 1024)
#define SF_SITES_MAX 256
#define SF_CHANCE_ONE UINT32_C(1000000) /* chance and percentages are in parts of a million */

/* Both ends belong to the range; an open upper end is UINT64_MAX. Bytes, nanoseconds or ordinals, as the owner says. */
struct sf_range {
	uint64_t low, high;
};

/* Bytes in the ruleset's pool, never NUL-terminated by contract. length 0: not given. */
struct sf_text {
	uint32_t at, length;
};

/* One bit for each key of a condition, in the order in which they are printed. */
#define SF_CONDITIONS(X)                                                                                               \
	X(FUNC, func)                                                                                                      \
	X(PEER, peer)                                                                                                      \
	X(LOCAL, local)                                                                                                    \
	X(FAMILY, family)                                                                                                  \
	X(TYPE, type)                                                                                                      \
	X(SIDE, side)                                                                                                      \
	X(MODE, mode)                                                                                                      \
	X(CONN, conn)                                                                                                      \
	X(KEY, key)                                                                                                        \
	X(PROCESS, process)                                                                                                \
	X(PROGRAM, program)                                                                                                \
	X(THREAD, thread)                                                                                                  \
	X(CALLER, caller)                                                                                                  \
	X(SITE, site)                                                                                                      \
	X(OFFSET, offset)                                                                                                  \
	X(SIZE, size)                                                                                                      \
	X(DATA, data)                                                                                                      \
	X(TIME, time)                                                                                                      \
	X(NTH, nth)                                                                                                        \
	X(PER, per)                                                                                                        \
	X(TIMES, times)                                                                                                    \
	X(CHANCE, chance)

enum sf_condition {
#define X(NAME, word) SF_CONDITION_##NAME,
	SF_CONDITIONS(X)
#undef X
	    SF_CONDITION_COUNT
};

extern const char *const sf_condition_words[SF_CONDITION_COUNT];

/* What nth and times count within. */
enum sf_per { SF_PER_RUN, SF_PER_CONN, SF_PER_PROCESS, SF_PER_THREAD, SF_PER_COUNT };
extern const char *const sf_per_words[SF_PER_COUNT];

/* peer=, local=. family SF_FAMILY_OTHER means "*": any inet or inet6 address. SF_FAMILY_COUNT means a name, which no
 * socket has: only resolve meets such a rule. A name that is asked of resolve is compared with the address as it was
 * written. */
struct sf_address {
	uint8_t family; /* enum sf_family; SF_UNIX: path is a glob, with abstract set for unix:@name */
	uint8_t prefix; /* bits of bytes[] that count; 0 for "*" */
	uint8_t abstract;
	uint8_t any_port; /* no port was written: *, 1.2.3.4, 10.0.0.0/8, [::1] */
	uint16_t port_low, port_high;
	uint8_t bytes[16]; /* network order; the first 4 for inet */
	struct sf_text path;
	struct sf_text written; /* as in the scenario */
};

enum sf_argument_unit {
	SF_UNIT_NONE,     /* no argument was given */
	SF_UNIT_ERRNO,    /* low = errno number */
	SF_UNIT_EAI,      /* low = the positive of an EAI_ value (resolve) */
	SF_UNIT_BYTES,    /* low..high bytes */
	SF_UNIT_PERCENT,  /* low, in parts of SF_CHANCE_ONE */
	SF_UNIT_DURATION, /* low..high nanoseconds */
	SF_UNIT_RATE,     /* low = bytes a second */
	SF_UNIT_COUNT,    /* low = a plain number */
	SF_UNIT_SIGNAL,   /* low = signal number */
};

struct sf_argument {
	uint64_t low, high;
	uint8_t unit; /* enum sf_argument_unit */
};

struct sf_action {
	struct sf_argument argument;
	uint8_t kind; /* enum sf_fault_kind, core/fault.h */
};

/* A span of code: site=object+0xOFFSET is one byte wide; site=file.c:LINE becomes the spans of that line, found by the
 * command before the run (its sites_at and site_count stay 0 until then). Offsets are of return addresses less one. */
struct sf_site_span {
	struct sf_text object; /* last component of the object file's path */
	uint64_t low, high;    /* offsets from the object's load address, both included */
};

struct sf_rule {
	uint32_t line, column; /* where it was written, from 1 */
	struct sf_text source; /* name of the file, "-e", "SOCKFAULT_RULES", or a scenario */
	uint32_t given;        /* SF_BIT(SF_CONDITION_x) of each condition that was written */
	uint32_t operations;   /* SF_BIT(enum sf_operation) */
	uint32_t left_out;     /* of the operations that were written: what a condition or an action can't apply to */
	uint64_t funcs[SF_FUNC_WORDS];         /* bits of enum sf_func; all zero: any that is not by_name_only */
	uint8_t families, types, sides, modes; /* SF_BIT(enum ...); 0: any */
	uint8_t per;                           /* enum sf_per */
	uint8_t any;                           /* written as "any": printed back as such */
	uint8_t action_count;
	uint8_t reserved;
	uint32_t chance; /* of SF_CHANCE_ONE */
	uint64_t times;
	struct sf_range nth;
	uint64_t nth_step;                                 /* 1 unless /STEP was written */
	struct sf_range conn, process, offset, size, time; /* time in ns since the run began */
	struct sf_address peer, local;
	struct sf_text key, program, thread, caller, data;
	struct sf_text site;           /* as written */
	uint32_t sites_at, site_count; /* into sf_ruleset.sites */
	uint32_t conn_slot;            /* counter slots, given by sf_ruleset_finish(); SF_NO_SLOT where none is needed */
	uint32_t scope_slot;
	struct sf_action actions[SF_ACTIONS_MAX];
};

#define SF_NO_SLOT UINT32_MAX

/* rules[] stands last, so that the used part is one block: sf_ruleset_size(). */
struct sf_ruleset {
	uint64_t seed;
	uint32_t seed_given; /* 0: none, 1: by a file, 2: by --seed or SOCKFAULT_SEED, which wins */
	uint32_t count;
	uint32_t text_used;
	uint32_t site_count;
	uint32_t conn_slots, scope_slots;
	struct sf_site_span sites[SF_SITES_MAX];
	char text[SF_TEXT_MAX];
	struct sf_rule rules[SF_RULES_MAX];
};

/* Bytes in use, from the beginning of the set. */
static inline size_t sf_ruleset_size(const struct sf_ruleset *set)
{
	return offsetof(struct sf_ruleset, rules) + set->count * sizeof(struct sf_rule);
}

static inline bool sf_rule_has(const struct sf_rule *rule, enum sf_condition condition)
{
	return rule->given & SF_BIT(condition);
}

/* The action that an event shows for a rule: the last one, which is what the program meets. */
static inline const struct sf_action *sf_rule_telling(const struct sf_rule *rule)
{
	return &rule->actions[rule->action_count - 1];
}

static inline const char *sf_text_of(const struct sf_ruleset *set, struct sf_text text)
{
	return set->text + text.at;
}

/* Does the rule meet calls of this function at all (operation and func=)? */
static inline bool sf_rule_meets_func(const struct sf_rule *rule, unsigned func)
{
	if (!(rule->operations & SF_BIT(sf_func_rows[func].operation)))
		return false;
	if (sf_rule_has(rule, SF_CONDITION_FUNC))
		return rule->funcs[func / 64] >> (func % 64) & 1;
	return !sf_func_rows[func].by_name_only;
}

/* After the last rule was parsed: seed 1 where none was given, counter slots for nth, times and chance. */
void sf_ruleset_finish(struct sf_ruleset *set);

/* The rule as text of the scenario language, without newline. Result as snprintf: the length that it needs. */
size_t sf_rule_print(const struct sf_ruleset *set, const struct sf_rule *rule, char *buffer, size_t size);

/* One action as text, as events and summaries show it: "short 100", "fail ECONNRESET". As snprintf. */
size_t sf_action_print(const struct sf_action *action, char *buffer, size_t size);

/* The rule in plain English, one sentence or more, for `sockfault check`. As snprintf. */
size_t sf_rule_describe(const struct sf_ruleset *set, const struct sf_rule *rule, char *buffer, size_t size);

#endif
