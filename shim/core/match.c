/* SPDX-License-Identifier: MIT
 *
 * match.c -- conditions that hold for a whole socket or process, and the comparison of addresses and globs.
 */
#include "core/match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "core/fault.h"
#include "core/respite.h"

#define relaxed memory_order_relaxed

static bool glob_class(const char **pattern, const char *end, char c)
{
	const char *p = *pattern + 1;
	bool invert = p < end && (*p == '!' || *p == '^');
	bool hit = false;

	p += invert;
	for (bool first = true; p < end && (*p != ']' || first); first = false) {
		char low = *p++, high = low;

		if (p + 1 < end && p[0] == '-' && p[1] != ']') {
			high = p[1];
			p += 2;
		}
		hit |= low <= c && c <= high;
	}
	if (p == end) { /* never closed: a plain '[' */
		*pattern += 1;
		return c == '[';
	}
	*pattern = p + 1;
	return hit != invert;
}

/* Goes back to the last star only, so the time is bounded by the product of the lengths. */
bool sf_match_glob(const char *pattern, size_t pattern_length, const char *text, size_t text_length)
{
	const char *p = pattern, *p_end = pattern + pattern_length, *t = text, *t_end = text + text_length;
	const char *star = NULL, *resume = NULL;

	while (t < t_end) {
		const char *next = p;

		if (p < p_end && *p == '*') {
			star = ++p;
			resume = t;
			continue;
		}
		if (p < p_end && *p == '[' ? glob_class(&next, p_end, *t) : p < p_end && (*p == '?' || *p == *t) && ++next) {
			p = next;
			t++;
			continue;
		}
		if (!star)
			return false;
		p = star;
		t = ++resume;
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}

static void unix_endpoint(struct sf_endpoint *endpoint, const struct sockaddr *address, uint32_t length)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)address;
	uint32_t room = length - (uint32_t)offsetof(struct sockaddr_un, sun_path);

	if (room > sizeof un->sun_path)
		room = sizeof un->sun_path;
	endpoint->family = SF_UNIX;
	endpoint->abstract = room > 0 && un->sun_path[0] == '\0';
	const char *path = un->sun_path + endpoint->abstract;

	room -= endpoint->abstract;
	endpoint->length = (uint8_t)(endpoint->abstract ? room : strnlen(path, room));
	memcpy(endpoint->path, path, endpoint->length);
}

bool sf_endpoint_from(struct sf_endpoint *endpoint, const struct sockaddr *address, uint32_t length)
{
	memset(endpoint, 0, sizeof *endpoint);
	if ((uintptr_t)address < 4096 || length < sizeof(sa_family_t)) /* the kernel would say EFAULT */
		return false;
	if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;

		endpoint->family = SF_INET;
		endpoint->length = 4;
		endpoint->port = ntohs(in->sin_port);
		memcpy(endpoint->bytes, &in->sin_addr, 4);
	} else if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
		static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
		bool is_mapped = memcmp(&in6->sin6_addr, mapped, sizeof mapped) == 0;

		/* ::ffff:1.2.3.4 is the network's 1.2.3.4: rules name what is on the wire. */
		endpoint->family = is_mapped ? SF_INET : SF_INET6;
		endpoint->length = is_mapped ? 4 : 16;
		endpoint->port = ntohs(in6->sin6_port);
		memcpy(endpoint->bytes, (const uint8_t *)&in6->sin6_addr + (is_mapped ? 12 : 0), endpoint->length);
	} else if (address->sa_family == AF_UNIX && length >= offsetof(struct sockaddr_un, sun_path)) {
		unix_endpoint(endpoint, address, length);
	}
	return endpoint->family != SF_FAMILY_OTHER;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool sf_match_endpoint(const struct sf_ruleset *set, const struct sf_address *want, const struct sf_endpoint *have)
{
	if (have->family == SF_FAMILY_OTHER)
		return false;
	if (want->family == SF_UNIX)
		return have->family == SF_UNIX && !want->abstract == !have->abstract &&
		       sf_match_glob(sf_text_of(set, want->path), want->path.length, have->path, have->length);
	if (have->family == SF_UNIX || (want->family != SF_FAMILY_OTHER && want->family != have->family))
		return false;
	if (!want->any_port && (have->port < want->port_low || have->port > want->port_high))
		return false;
	return want->family == SF_FAMILY_OTHER || same_prefix(want->bytes, have->bytes, want->prefix);
}

static bool one_of(uint8_t bits, uint8_t value)
{
	return bits == 0 || (bits >> value & 1);
}

static bool is_key(const struct sf_arena *arena, const char *want, size_t length, const struct sf_socket *socket)
{
	char key[SF_KEY_SIZE];

	return length == strlen(sf_socket_key(sf_thread_at(arena, socket->thread), socket, key)) &&
	       memcmp(want, key, length) == 0;
}

/* The peer of a datagram socket is asked call by call: it may change with each. */
static bool holds_for_socket(
    const struct sf_arena *arena, const struct sf_ruleset *set, const struct sf_rule *rule,
    const struct sf_socket *socket)
{
	if (socket->domestic && !sf_rule_has(rule, SF_CONDITION_FAMILY))
		return false;
	if (!one_of(rule->families, socket->family) || !one_of(rule->types, socket->type) ||
	    !one_of(rule->sides, socket->side))
		return false;
	if (sf_rule_has(rule, SF_CONDITION_PEER) && socket->type != SF_DGRAM &&
	    !sf_match_endpoint(set, &rule->peer, &socket->peer))
		return false;
	if (sf_rule_has(rule, SF_CONDITION_LOCAL) && !sf_match_endpoint(set, &rule->local, &socket->local))
		return false;
	return !sf_rule_has(rule, SF_CONDITION_KEY) || is_key(arena, sf_text_of(set, rule->key), rule->key.length, socket);
}

static bool
holds_for_process(const struct sf_ruleset *set, const struct sf_rule *rule, const struct sf_process *process)
{
	if (sf_rule_has(rule, SF_CONDITION_PROCESS) &&
	    (process->number < rule->process.low || process->number > rule->process.high))
		return false;
	return !sf_rule_has(rule, SF_CONDITION_PROGRAM) ||
	       sf_match_glob(
	           sf_text_of(set, rule->program), rule->program.length, process->program, strlen(process->program));
}

#define NAMES_CONNECTIONS                                                                                              \
	(SF_BIT(SF_CONDITION_PEER) | SF_BIT(SF_CONDITION_LOCAL) | SF_BIT(SF_CONDITION_FAMILY) |                            \
	 SF_BIT(SF_CONDITION_TYPE) | SF_BIT(SF_CONDITION_SIDE) | SF_BIT(SF_CONDITION_PROGRAM))

/* conn=: the n-th of the connections that the rule's other words about connections describe, else the run's n-th. */
static bool
conn_in_range(struct sf_arena *arena, const struct sf_ruleset *set, unsigned i, const struct sf_socket *socket)
{
	const struct sf_rule *rule = &set->rules[i];
	const struct sf_process *process = sf_process_at(arena, socket->process);
	uint64_t number = atomic_load_explicit(&socket->conn, relaxed);

	/* A datagram socket is met call by call, and counted by whom its first call was for, where that is known. */
	if (sf_rule_has(rule, SF_CONDITION_PEER) && socket->type == SF_DGRAM && socket->peer.family != SF_FAMILY_OTHER &&
	    !sf_match_endpoint(set, &rule->peer, &socket->peer))
		return false;
	if (rule->given & NAMES_CONNECTIONS) {
		if (process && sf_rule_has(rule, SF_CONDITION_PROGRAM) && !holds_for_process(set, rule, process))
			return false;
		number = atomic_fetch_add_explicit(&sf_arena_counter(arena, i)->conns, 1, relaxed) + 1;
	}
	return rule->conn.low <= number && number <= rule->conn.high;
}

/* A place for what is settled, zeroed and on a cache line of its own. */
static uint64_t match_room(struct sf_arena *arena, const struct sf_ruleset *set)
{
	uint64_t line = _Alignof(struct sf_match);
	uint64_t at = sf_arena_heap(arena, sizeof(struct sf_match) + sf_rule_words(set) * sizeof(uint64_t) + line - 8);

	return (at + line - 1) & ~(line - 1);
}

/* Whether anything is different now. */
static bool settle_bits(
    struct sf_arena *arena, const struct sf_ruleset *set, const struct sf_socket *socket, uint64_t *bits, bool named,
    bool fresh)
{
	bool changed = false;

	for (unsigned i = 0; i < set->count; i++) {
		bool holds = holds_for_socket(arena, set, &set->rules[i], socket), held = !fresh && sf_bit_get(bits, i);

		if (holds && sf_rule_has(&set->rules[i], SF_CONDITION_CONN))
			holds = named ? conn_in_range(arena, set, i, socket) : held;
		bits[i / 64] = (bits[i / 64] & ~(UINT64_C(1) << (i % 64))) | (uint64_t)holds << (i % 64);
		changed |= holds != held;
	}
	return changed;
}

uint64_t *sf_match_socket(struct sf_arena *arena, struct sf_socket *socket, bool named)
{
	const struct sf_ruleset *set = sf_arena_rules(arena);
	uint32_t page = (uint32_t)(atomic_load_explicit(&arena->ruleset_at, relaxed) / SF_PAGE_SIZE);
	uint64_t before = atomic_load_explicit(&socket->match_at, relaxed);
	bool fresh = atomic_load_explicit(&socket->match_rules, relaxed) != page || !before;
	uint64_t at = fresh ? match_room(arena, set) : before;
	struct sf_match *match = sf_arena_piece(arena, at);

	if (!match) {
		atomic_fetch_add_explicit(&arena->events_lost, 1, relaxed); /* no rule meets it: the summary says so */
		return NULL;
	}
	named |= fresh && atomic_load_explicit(&socket->has_key, relaxed);
	if (fresh)
		sf_quick_end(socket);
	if (settle_bits(arena, set, socket, match->bits, named, fresh) && !fresh)
		sf_respite_end(socket, match);
	/* Of two threads that settle it at the same time the first one's stays: calls may be counted there already. */
	if (!fresh || atomic_compare_exchange_strong(&socket->match_at, &before, at))
		atomic_store_explicit(&socket->match_rules, page, memory_order_release);
	else if ((match = sf_arena_piece(arena, before)) == NULL)
		return NULL;
	return match->bits;
}

bool sf_rule_ends_connections(const struct sf_rule *rule)
{
	for (unsigned i = 0; i < rule->action_count; i++)
		if (rule->actions[i].kind == SF_FAULT_reset || rule->actions[i].kind == SF_FAULT_closed ||
		    (rule->actions[i].kind == SF_FAULT_fail && rule->operations & (SF_BIT(SF_SEND) | SF_BIT(SF_RECV)) &&
		     rule->actions[i].argument.low != EAGAIN && rule->actions[i].argument.low != EINTR))
			return true;
	return false;
}

/* A datagram that was sent may be refused, one that was not can't. */
static bool refuses_datagrams(const struct sf_rule *rule)
{
	for (unsigned i = 0; i < rule->action_count; i++)
		if (rule->actions[i].kind == SF_FAULT_fail && rule->actions[i].argument.low == ECONNREFUSED)
			return (!rule->types || rule->types & SF_BIT(SF_DGRAM)) && rule->operations & SF_BIT(SF_RECV);
	return false;
}

uint32_t sf_rule_touches(const struct sf_rule *rule)
{
	return rule->operations | (sf_rule_ends_connections(rule) ? SF_BIT(SF_SEND) | SF_BIT(SF_RECV) : 0) |
	       (refuses_datagrams(rule) ? SF_BIT(SF_SEND) : 0);
}

void sf_match_process(const struct sf_ruleset *set, const struct sf_process *process, uint64_t *bits)
{
	for (unsigned word = 0; word < sf_rule_words(set); word++) {
		uint64_t met = 0;

		for (unsigned i = word * 64; i < set->count && i < word * 64 + 64; i++)
			met |= (uint64_t)holds_for_process(set, &set->rules[i], process) << (i % 64);
		bits[word] = met; /* whole: another thread may be reading what it has settled itself */
	}
}

void sf_match_operation(const struct sf_ruleset *set, enum sf_operation operation, uint64_t *bits)
{
	for (unsigned word = 0; word < sf_rule_words(set); word++) {
		uint64_t met = 0;

		for (unsigned i = word * 64; i < set->count && i < word * 64 + 64; i++)
			met |= (uint64_t)(set->rules[i].operations >> operation & 1) << (i % 64);
		bits[word] = met;
	}
}
