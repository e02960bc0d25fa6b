/* SPDX-License-Identifier: MIT
 *
 * rules.c -- see rules.h.
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/names.h"
#include "unit.h"

struct sf_ruleset *rules_empty(void)
{
	static struct sf_ruleset set;

	memset(&set, 0, offsetof(struct sf_ruleset, sites));
	return &set;
}

struct sf_ruleset *rules_parsed(const char *text)
{
	struct sf_ruleset *set = rules_empty();
	struct sf_diagnostic why;

	if (!sf_parse(set, "test", text, strlen(text), NULL, &why))
		fail_msg("%s: refused: %s", text, why.message);
	return set;
}

const struct sf_diagnostic *rules_refused(const char *text)
{
	static struct sf_diagnostic why;

	return sf_parse(rules_empty(), "test", text, strlen(text), NULL, &why) ? NULL : &why;
}

/* ---- equality ---- */

static bool
same_text(const struct sf_ruleset *a_set, struct sf_text a, const struct sf_ruleset *b_set, struct sf_text b)
{
	return a.length == b.length && memcmp(sf_text_of(a_set, a), sf_text_of(b_set, b), a.length) == 0;
}

static bool same_address(
    const struct sf_ruleset *a_set, const struct sf_address *a, const struct sf_ruleset *b_set,
    const struct sf_address *b)
{
	return a->family == b->family && a->prefix == b->prefix && a->abstract == b->abstract &&
	       a->any_port == b->any_port && a->port_low == b->port_low && a->port_high == b->port_high &&
	       memcmp(a->bytes, b->bytes, 16) == 0 && same_text(a_set, a->path, b_set, b->path) &&
	       same_text(a_set, a->written, b_set, b->written);
}

static bool same_sites(
    const struct sf_ruleset *a_set, const struct sf_rule *a, const struct sf_ruleset *b_set, const struct sf_rule *b)
{
	for (uint32_t i = 0; i < a->site_count && a->site_count == b->site_count; i++) {
		const struct sf_site_span *x = &a_set->sites[a->sites_at + i], *y = &b_set->sites[b->sites_at + i];

		if (x->low != y->low || x->high != y->high || !same_text(a_set, x->object, b_set, y->object))
			return false;
	}
	return a->site_count == b->site_count;
}

#define SAME(field)                                                                                                    \
	do                                                                                                                 \
		if (memcmp(&a->field, &b->field, sizeof a->field) != 0)                                                        \
			return #field;                                                                                             \
	while (0)
#define SAME_TEXT(field)                                                                                               \
	do                                                                                                                 \
		if (!same_text(a_set, a->field, b_set, b->field))                                                              \
			return #field;                                                                                             \
	while (0)

const char *rules_differ(
    const struct sf_ruleset *a_set, const struct sf_rule *a, const struct sf_ruleset *b_set, const struct sf_rule *b)
{
	SAME(given);
	SAME(operations);
	SAME(left_out);
	SAME(funcs);
	SAME(families);
	SAME(types);
	SAME(sides);
	SAME(modes);
	SAME(per);
	SAME(any);
	SAME(action_count);
	SAME(chance);
	SAME(times);
	SAME(nth);
	SAME(nth_step);
	SAME(conn);
	SAME(process);
	SAME(offset);
	SAME(size);
	SAME(time);
	SAME_TEXT(key);
	SAME_TEXT(program);
	SAME_TEXT(thread);
	SAME_TEXT(caller);
	SAME_TEXT(data);
	SAME_TEXT(site);
	if (!same_address(a_set, &a->peer, b_set, &b->peer))
		return "peer";
	if (!same_address(a_set, &a->local, b_set, &b->local))
		return "local";
	if (!same_sites(a_set, a, b_set, b))
		return "sites";
	for (unsigned i = 0; i < a->action_count; i++)
		if (a->actions[i].kind != b->actions[i].kind || a->actions[i].argument.unit != b->actions[i].argument.unit ||
		    a->actions[i].argument.low != b->actions[i].argument.low ||
		    a->actions[i].argument.high != b->actions[i].argument.high)
			return "actions";
	return NULL;
}

/* ---- random rules ---- */

/* splitmix64 */
uint64_t rules_draw(uint64_t *state, uint64_t below)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return below ? (z ^ (z >> 31)) % below : 0;
}

struct writer {
	uint64_t *state;
	char *text;
	size_t size, used;
};

static void put(struct writer *w, const char *text)
{
	int length = snprintf(w->text + w->used, w->size - w->used, "%s", text);

	w->used += (size_t)length < w->size - w->used ? (size_t)length : w->size - w->used - 1;
}

static uint64_t draw(struct writer *w, uint64_t below)
{
	return rules_draw(w->state, below);
}

#define PICK(w, words) put(w, (words)[draw(w, sizeof(words) / sizeof(words)[0])])

static void put_number(struct writer *w, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	put(w, text);
}

/* A number of any length, with small ones most often. */
static uint64_t any_number(struct writer *w)
{
	return 1 + draw(w, UINT64_C(1) << (1 + draw(w, draw(w, 8) ? 8 : 50)));
}

static void put_amount(struct writer *w, const char *const *units, unsigned count)
{
	put_number(w, any_number(w));
	put(w, units[draw(w, count)]);
}

static void put_range(struct writer *w, const char *const *units, unsigned count)
{
	uint64_t low = any_number(w), high = low + any_number(w), form = draw(w, 4);
	const char *unit = units[draw(w, count)];

	if (form != 2) {
		put_number(w, low);
		put(w, unit);
	}
	if (form != 0)
		put(w, "..");
	if (form >= 2) {
		put_number(w, high);
		put(w, unit);
	}
}

/* A value that is one of a few words; NULL for conditions whose values are made. */
static const char *word_value(struct writer *w, enum sf_condition condition)
{
	static const char *const words[SF_CONDITION_COUNT][12] = {
	    [SF_CONDITION_PEER] =
	        {"*", "*:80", "1.2.3.4", "10.0.0.0/8:1-65535", "[::1]:443", "[fe80::]/10", "unix:/run/*.sock", "unix:@name",
	         "db.example.com", "[1:2:3:4:5:6:7:8]"},
	    [SF_CONDITION_LOCAL] = {"*:80", "127.0.0.1", "unix:/run/*.sock", "[::1]:1-9"},
	    [SF_CONDITION_FAMILY] = {"inet", "inet6", "unix", "inet,inet6", "unix,inet"},
	    [SF_CONDITION_TYPE] = {"stream", "dgram", "seqpacket", "stream,seqpacket"},
	    [SF_CONDITION_SIDE] = {"client", "server", "listener", "server,client"},
	    [SF_CONDITION_MODE] = {"blocking", "nonblocking", "timeout", "nonblocking,timeout"},
	    [SF_CONDITION_KEY] = {"1.3:2", "1/2.1:10", "1.1:1"},
	    [SF_CONDITION_SITE] = {"client+0x1a2f", "./lib/x.so+0xffffffffffffffff", "client.c:42", "a:b.c:7"},
	    [SF_CONDITION_DATA] = {"\"GET \"", "\"\\x00\\xff\"", "\"a#b: =\\\\\\\"\""},
	    [SF_CONDITION_CHANCE] = {"20%", "12.5%", "0.0001%", "100%", "99.9999%"},
	    [SF_CONDITION_PER] = {"run", "conn", "process", "thread"},
	    [SF_CONDITION_PROGRAM] = {"nginx", "a*", "lib[cd]?.so", "\"Web Content\"", "a:b", "\"a:\""},
	    [SF_CONDITION_THREAD] = {"\"\\xff\\x00\\\"\\\\#\"", "x\"y", "a=b", "a\\b"},
	    [SF_CONDITION_CALLER] = {"libc*", "*"},
	};
	unsigned count = 0;

	while (words[condition][count])
		count++;
	return count ? words[condition][draw(w, count)] : NULL;
}

static void put_value(struct writer *w, enum sf_condition condition)
{
	static const char *const none[] = {""}, *const sizes[] = {"", "B", "KiB", "MiB"},
	                         *const times[] = {"us", "ms", "s"};
	const char *word = word_value(w, condition);

	if (word)
		put(w, word);
	else if (condition == SF_CONDITION_FUNC)
		put(w, sf_func_rows[draw(w, SF_FUNC_COUNT)].name);
	else if (condition == SF_CONDITION_TIMES)
		put_number(w, any_number(w));
	else if (condition == SF_CONDITION_OFFSET || condition == SF_CONDITION_SIZE)
		put_range(w, sizes, 4);
	else if (condition == SF_CONDITION_TIME)
		put_range(w, times, 3);
	else
		put_range(w, none, 1);
	if (condition == SF_CONDITION_NTH && draw(w, 3) == 0)
		put(w, "/7");
}

static void put_argument(struct writer *w, const struct sf_fault *fault)
{
	static const char *const sizes[] = {"", "B", "KiB", "MiB"}, *const times[] = {"us", "ms", "s"};
	static const char *const errnos[] = {"ECONNRESET", "EAGAIN", "EINTR",  "ETIMEDOUT",    "ECONNREFUSED",
	                                     "EMFILE",     "EPIPE",  "ENOMEM", "EHOSTUNREACH", "EADDRINUSE"};

	if (fault->units & SF_BIT(SF_UNIT_NONE) && (fault->units == SF_BIT(SF_UNIT_NONE) || draw(w, 2)))
		return;
	put(w, " ");
	if (fault->units & SF_BIT(SF_UNIT_EAI) && draw(w, 5) == 0)
		return put(w, sf_eai_name(draw(w, 2) ? 2 : 3));
	if (fault->units & SF_BIT(SF_UNIT_ERRNO))
		return PICK(w, errnos);
	if (fault->units & SF_BIT(SF_UNIT_SIGNAL))
		return put(w, sf_signal_name((int)(1 + draw(w, 31))));
	if (fault->units & SF_BIT(SF_UNIT_PERCENT) && draw(w, 3) == 0)
		return put(w, "12.25%");
	if (fault->units & SF_BIT(SF_UNIT_DURATION))
		put_amount(w, times, 3);
	else
		put_amount(w, sizes, fault->units & SF_BIT(SF_UNIT_COUNT) ? 1 : 4);
	if (fault->units & SF_BIT(SF_UNIT_RATE))
		put(w, "/s");
	if (fault->ranged && draw(w, 2)) {
		put(w, "..");
		put_amount(w, fault->units & SF_BIT(SF_UNIT_DURATION) ? times + 2 : sizes + 3, 1);
	}
}

static void put_calls(struct writer *w)
{
	uint64_t bits = draw(w, 3) ? UINT64_C(1) << draw(w, SF_OPERATION_RULED) : draw(w, SF_ANY_OPERATION + 1);
	const char *glue = "";

	if (draw(w, 8) == 0 || bits == 0)
		return put(w, "any");
	if (draw(w, 2))
		bits = draw(w, 2) ? SF_BIT(SF_SEND) : SF_BIT(SF_RECV); /* what most conditions are about */
	for (unsigned i = 0; i < SF_OPERATION_RULED; i++)
		if (bits >> i & 1) {
			put(w, glue);
			put(w, sf_operation_words[i]);
			glue = ",";
		}
}

void rules_random(uint64_t *state, char *text, size_t size)
{
	struct writer w = {state, text, size, 0};
	uint64_t given = 0, actions = 1 + (draw(&w, 4) == 0);

	text[0] = '\0';
	put_calls(&w);
	for (uint64_t n = draw(&w, 4); n; n--)
		given |= UINT64_C(1) << draw(&w, SF_CONDITION_COUNT);
	for (unsigned i = SF_CONDITION_COUNT; i-- > 0;)
		if (given >> i & 1) {
			put(&w, draw(&w, 5) ? " " : "\t ");
			put(&w, sf_condition_words[i]);
			put(&w, "=");
			put_value(&w, (enum sf_condition)i);
		}
	put(&w, draw(&w, 2) ? ": " : " :  ");
	while (actions--) {
		const unsigned kind = (unsigned)draw(&w, SF_FAULT_COUNT);

		put(&w, sf_fault_words[kind]);
		put_argument(&w, sf_faults[kind]);
		put(&w, actions ? ", " : "");
	}
	put(&w, draw(&w, 8) ? "" : " # a comment");
}
