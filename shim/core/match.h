/* SPDX-License-Identifier: MIT
 *
 * match.h -- does a rule's condition hold? Settled once where it can be: what depends on the socket alone becomes a bit
 * set of the socket, what depends on the process alone one of the process. The rest is asked call by call. Pure but for
 * the arena's counter of conn=. Safe everywhere; no system call.
 */
#ifndef SF_CORE_MATCH_H
#define SF_CORE_MATCH_H

#include "core/arena.h"
#include "core/call.h"

#define SF_RULE_WORDS (SF_RULES_MAX / 64)

static inline uint32_t sf_rule_words(const struct sf_ruleset *set)
{
	return (set->count + 63) / 64;
}

static inline bool sf_bit_get(const uint64_t *bits, unsigned n)
{
	return bits[n / 64] >> (n % 64) & 1;
}

/* Settles which rules this socket meets by peer, local, family, type, side and conn (`key` too) into the arena; `named`
 * says that it got its connection number just now: then conn= is decided, and stays. NULL: no room. */
uint64_t *sf_match_socket(struct sf_arena *arena, struct sf_socket *socket, bool named);

/* The same for program= and process=: fills bits[sf_rule_words()]. */
void sf_match_process(const struct sf_ruleset *set, const struct sf_process *process, uint64_t *bits);

/* Operations (bits) whose calls have to be looked at on a socket that the rule meets: its own, and the transfers of a
 * connection that it may end, for a thread that is blocked in one when another thread's call ends it has to be mended
 * as well. */
uint32_t sf_rule_touches(const struct sf_rule *rule);
bool sf_rule_ends_connections(const struct sf_rule *rule);

/* Rules that meet an operation: fills bits[sf_rule_words()]. */
void sf_match_operation(const struct sf_ruleset *set, enum sf_operation operation, uint64_t *bits);

/* The address of an endpoint or of a socket address against peer=, local=. */
bool sf_match_endpoint(const struct sf_ruleset *set, const struct sf_address *want, const struct sf_endpoint *have);

/* A sockaddr as an endpoint; false where the family has none of ours. */
bool sf_endpoint_from(struct sf_endpoint *endpoint, const struct sockaddr *address, uint32_t length);

/* AF_ and SOCK_ numbers (flags in type are looked away from) as ours. */
static inline enum sf_family sf_family_of(int domain)
{
	if (__builtin_expect(domain == AF_INET, 1))
		return SF_INET;
	return domain == AF_INET6 ? SF_INET6 : domain == AF_UNIX ? SF_UNIX : SF_FAMILY_OTHER;
}

static inline enum sf_type sf_type_of(int type)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (__builtin_expect(kind == SOCK_STREAM, 1))
		return SF_STREAM;
	return kind == SOCK_DGRAM ? SF_DGRAM : kind == SOCK_SEQPACKET ? SF_SEQPACKET : SF_TYPE_OTHER;
}

/* *, ? and [...] as fnmatch(3) without flags; bounded, iterative. */
bool sf_match_glob(const char *pattern, size_t pattern_length, const char *text, size_t text_length);

#endif
