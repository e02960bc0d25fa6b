/* SPDX-License-Identifier: MIT
 *
 * describe.c -- a rule in plain English, for `sockfault check`:
 *
 *     [With a chance of P,] [on each connection,] the 3rd recv call [on such a socket] [of such a connection] [in such
 * a place] [with such bytes] [at such a time] does this and that [, at most N times].
 *
 * then what was left out of the rule and why, and what the seed alone can't repeat. What a kind of fault does is said
 * by its own file (sf_fault.says).
 */
#include <string.h>

#include "core/fault.h"
#include "core/names.h"
#include "core/parser.h"
#include "core/print.h"

struct english {
	struct sf_append out;
	const struct sf_ruleset *set;
	const struct sf_rule *rule;
	bool left_out_said;
};

static bool has(const struct english *e, enum sf_condition condition)
{
	return sf_rule_has(e->rule, condition);
}

static void say(struct english *e, const char *text)
{
	sf_append_text(&e->out, text);
}

/* Names come from files that may be hostile, and go to a terminal. */
static void say_text(struct english *e, struct sf_text text)
{
	const char *bytes = sf_text_of(e->set, text);

	for (uint32_t i = 0; i < text.length; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return sf_append_quoted(&e->out, e->set, text);
	sf_append_bytes(&e->out, bytes, text.length);
}

static void say_ordinal(struct english *e, uint64_t n)
{
	unsigned last = n % 10, tens = n / 10 % 10;
	const char *ending = tens == 1 ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";

	sf_append_number(&e->out, n);
	say(e, ending);
}

static void say_bits(struct english *e, uint32_t bits, const char *const *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!(bits & SF_BIT(i)))
			continue;
		bits &= ~SF_BIT(i);
		say(e, words[i]);
		say(e, bits & (bits - 1) ? ", " : bits ? " or " : "");
	}
}

/* ---- which calls ---- */

static bool is_every_call(const struct sf_rule *rule)
{
	return rule->nth.low == 1 && rule->nth.high == UINT64_MAX && rule->nth_step == 1;
}

static void say_count(struct english *e)
{
	const struct sf_rule *rule = e->rule;
	bool is_one = has(e, SF_CONDITION_NTH) && rule->nth.low == rule->nth.high;

	say(e, is_one ? "the " : "every ");
	if (!is_one && rule->nth_step == 1)
		return;
	say_ordinal(e, is_one ? rule->nth.low : rule->nth_step);
	say(e, " ");
}

/* Where "every" begins and ends. */
static void say_count_limits(struct english *e)
{
	const struct sf_rule *rule = e->rule;

	if (!has(e, SF_CONDITION_NTH) || is_every_call(rule) || rule->nth.low == rule->nth.high)
		return;
	say(e, " from the ");
	say_ordinal(e, rule->nth.low);
	if (rule->nth.high == UINT64_MAX)
		return say(e, " on");
	say(e, " to the ");
	say_ordinal(e, rule->nth.high);
}

static void say_funcs(struct english *e)
{
	unsigned left = 0;

	for (unsigned i = 0; i < SF_FUNC_COUNT; i++)
		left += e->rule->funcs[i / 64] >> (i % 64) & 1;
	for (unsigned i = 0; i < SF_FUNC_COUNT; i++) {
		if (!(e->rule->funcs[i / 64] >> (i % 64) & 1))
			continue;
		say(e, sf_func_rows[i].name);
		left--;
		say(e, left > 1 ? ", " : left ? " or " : " ");
	}
}

static void say_calls(struct english *e)
{
	static const char *const modes[SF_MODE_COUNT] = {"", "blocking ", "non-blocking ", "timed "};
	const struct sf_rule *rule = e->rule;

	for (unsigned i = 1, left = rule->modes; i < SF_MODE_COUNT; i++) {
		if (!(left & SF_BIT(i)))
			continue;
		left &= ~SF_BIT(i);
		say(e, modes[i]);
		say(e, left ? "or " : "");
	}
	if (has(e, SF_CONDITION_FUNC)) {
		say_funcs(e);
	} else if (rule->operations != SF_ANY_OPERATION) {
		say_bits(e, rule->operations, sf_operation_words, SF_OPERATION_RULED);
		say(e, " ");
	}
	say(e, "call");
}

/* ---- on what socket, of what connection ---- */

static void say_ports(struct english *e, const struct sf_address *address)
{
	if (address->port_low == address->port_high)
		sf_append_format(&e->out, "port %u of ", address->port_low);
	else
		sf_append_format(&e->out, "one of the ports %u to %u of ", address->port_low, address->port_high);
}

/* The host as it was written, without its port. */
static void say_host(struct english *e, const struct sf_address *address)
{
	const char *written = sf_text_of(e->set, address->written);
	size_t length = address->written.length;

	while (!address->any_port && written[--length] != ':')
		;
	if (address->family == SF_FAMILY_OTHER)
		return say(e, "any host");
	if (memchr(written, '/', length))
		say(e, "any host in ");
	sf_append_bytes(&e->out, written, length);
}

static void say_address(struct english *e, const struct sf_address *address)
{
	if (address->family == SF_UNIX) {
		say(e, address->abstract ? "the abstract Unix socket " : "the Unix socket ");
		return say_text(e, address->path);
	}
	if (!address->any_port)
		say_ports(e, address);
	say_host(e, address);
}

static void say_socket(struct english *e)
{
	static const char *const sides[SF_SIDE_COUNT] = {"", "that connected", "that was accepted", "that listens"};
	const struct sf_rule *rule = e->rule;
	bool has_peer = has(e, SF_CONDITION_PEER) && rule->operations != SF_BIT(SF_RESOLVE);

	if (rule->operations == SF_BIT(SF_RESOLVE) && has(e, SF_CONDITION_PEER)) {
		say(e, " for the name ");
		say_text(e, rule->peer.written);
	}
	if (!has_peer && !has(e, SF_CONDITION_LOCAL) && !rule->families && !rule->types && !rule->sides)
		return;
	say(e, rule->families & SF_BIT(SF_INET) || rule->families & SF_BIT(SF_INET6) ? " on an " : " on a ");
	say_bits(e, rule->families, sf_family_words, SF_FAMILY_COUNT);
	say(e, rule->families ? " " : "");
	say_bits(e, rule->types, sf_type_words, SF_TYPE_COUNT);
	say(e, rule->types ? " socket" : "socket");
	say(e, rule->sides ? " " : "");
	say_bits(e, rule->sides, sides, SF_SIDE_COUNT);
	if (has_peer) {
		say(e, rule->sides ? " and whose peer is " : " whose peer is ");
		say_address(e, &rule->peer);
	}
	if (has(e, SF_CONDITION_LOCAL)) {
		say(e, has_peer ? " and whose own address is " : " whose own address is ");
		say_address(e, &rule->local);
	}
}

/* "the 2nd", "the 2nd to 5th", or "every connection from the 2nd on". */
static void say_ordinals(struct english *e, struct sf_range range, const char *what)
{
	if (range.high == UINT64_MAX) {
		sf_append_format(&e->out, "each %s from the ", what);
		say_ordinal(e, range.low);
		return say(e, " of the run on");
	}
	say(e, "the ");
	say_ordinal(e, range.low);
	if (range.high != range.low) {
		say(e, " to ");
		say_ordinal(e, range.high);
	}
	sf_append_format(&e->out, " %s of the run", what);
}

static void say_connection(struct english *e)
{
	const uint32_t names = SF_BIT(SF_CONDITION_PEER) | SF_BIT(SF_CONDITION_LOCAL) | SF_BIT(SF_CONDITION_FAMILY) |
	                       SF_BIT(SF_CONDITION_TYPE) | SF_BIT(SF_CONDITION_SIDE) | SF_BIT(SF_CONDITION_PROGRAM);

	if (has(e, SF_CONDITION_CONN)) {
		say(e, ", on ");
		say_ordinals(e, e->rule->conn, e->rule->given & names ? "such connection" : "connection");
		say(e, ",");
	}
	if (has(e, SF_CONDITION_KEY)) {
		say(e, ", on the connection with the key ");
		say_text(e, e->rule->key);
		say(e, ",");
	}
}

/* ---- made where, with what, when ---- */

static void say_place(struct english *e)
{
	static const struct {
		enum sf_condition condition;
		const char *before;
		size_t offset;
	} places[] = {
	    {SF_CONDITION_PROGRAM, " in a program named ", offsetof(struct sf_rule, program)},
	    {SF_CONDITION_THREAD, " in a thread named ", offsetof(struct sf_rule, thread)},
	    {SF_CONDITION_CALLER, " made by code of ", offsetof(struct sf_rule, caller)},
	    {SF_CONDITION_SITE, " made at ", offsetof(struct sf_rule, site)},
	};

	if (has(e, SF_CONDITION_PROCESS)) {
		say(e, " in ");
		say_ordinals(e, e->rule->process, "process");
	}
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (has(e, places[i].condition)) {
			say(e, places[i].before);
			say_text(e, *(const struct sf_text *)((const char *)e->rule + places[i].offset));
		}
}

static void append_bytes_word(struct sf_append *out, uint64_t bytes)
{
	sf_append_size(out, bytes);
	if (bytes % 1024 || bytes == 0)
		sf_append_text(out, bytes == 1 ? " byte" : " bytes");
}

static void say_bytes_range(struct english *e, struct sf_range range)
{
	if (range.low == range.high)
		return append_bytes_word(&e->out, range.low);
	if (range.high == UINT64_MAX) {
		say(e, "at least ");
		return append_bytes_word(&e->out, range.low);
	}
	if (range.low == 0) {
		say(e, "at most ");
		return append_bytes_word(&e->out, range.high);
	}
	sf_append_size(&e->out, range.low);
	say(e, " to ");
	append_bytes_word(&e->out, range.high);
}

static void say_offset(struct english *e, struct sf_range range)
{
	if (range.high == UINT64_MAX) {
		say(e, " once ");
		append_bytes_word(&e->out, range.low);
		return say(e, " have passed in its direction");
	}
	say(e, range.low == range.high ? " when exactly " : range.low == 0 ? " while " : " when ");
	say_bytes_range(e, range);
	say(e, " have passed in its direction");
}

static void say_bytes(struct english *e)
{
	const struct sf_rule *rule = e->rule;

	if (has(e, SF_CONDITION_SIZE)) {
		say(e, " that asks for ");
		say_bytes_range(e, rule->size);
	}
	if (has(e, SF_CONDITION_DATA)) {
		say(e, has(e, SF_CONDITION_SIZE) ? " and whose data contains " : " whose data contains ");
		sf_append_quoted(&e->out, e->set, rule->data);
	}
	if (has(e, SF_CONDITION_OFFSET)) {
		say_offset(e, rule->offset);
	}
}

static void say_time(struct english *e)
{
	struct sf_range time = e->rule->time;

	if (!has(e, SF_CONDITION_TIME))
		return;
	if (time.low == 0 && time.high != UINT64_MAX) {
		say(e, " in the first ");
		sf_append_duration(&e->out, time.high);
		return say(e, " of the run");
	}
	say(e, " from ");
	sf_append_duration(&e->out, time.low);
	if (time.high != UINT64_MAX) {
		say(e, " to ");
		sf_append_duration(&e->out, time.high);
	}
	say(e, " after the start of the run");
}

/* ---- what happens ---- */

static void say_amount(struct english *e, const struct sf_argument *a)
{
	struct sf_range range = {a->low, a->high};

	if (a->unit == SF_UNIT_BYTES) {
		say_bytes_range(e, (struct sf_range){range.low ? range.low : range.high, range.high});
	} else if (a->unit == SF_UNIT_PERCENT) {
		sf_append_percent(&e->out, a->low);
		say(e, " of what it asks for");
	} else if (a->unit == SF_UNIT_RATE) {
		append_bytes_word(&e->out, a->low);
		say(e, " a second");
	} else if (a->unit == SF_UNIT_DURATION && a->low != a->high) {
		sf_append_duration(&e->out, a->low);
		say(e, " to ");
		sf_append_duration(&e->out, a->high);
	} else {
		sf_append_argument(&e->out, a);
	}
}

static void say_action(struct english *e, const struct sf_action *action)
{
	const struct sf_fault *fault = sf_faults[action->kind];
	bool is_bare = action->argument.unit == SF_UNIT_NONE && fault->says_bare;
	const char *says = is_bare ? fault->says_bare : fault->says;
	const char *at = strchr(says, '@');

	if (!at)
		return say(e, says);
	sf_append_bytes(&e->out, says, (size_t)(at - says));
	say_amount(e, &action->argument);
	say(e, at + 1);
	if (action->argument.low != action->argument.high)
		say(e, " (drawn each time)");
}

static void say_actions(struct english *e)
{
	unsigned count = e->rule->action_count;

	for (unsigned i = 0; i < count; i++) {
		say(e, i == 0 ? " " : i + 1 < count ? ", " : " and ");
		say_action(e, &e->rule->actions[i]);
	}
}

static void say_times(struct english *e)
{
	if (!has(e, SF_CONDITION_TIMES))
		return;
	if (e->rule->times == 1)
		return say(e, ", once");
	say(e, ", at most ");
	sf_append_number(&e->out, e->rule->times);
	say(e, " times");
}

/* ---- the sentences after the first ---- */

static void say_operations(struct english *e, uint32_t operations)
{
	char text[128];

	say(e, sf_operations_text(operations, "and", text, sizeof text));
}

/* Calls that a condition leaves out: they have nothing to compare, or never that value. */
static void say_without(struct english *e, enum sf_condition condition, uint32_t operations, bool is_lack)
{
	const struct sf_condition_row *row = &sf_condition_rows[condition];

	if (!operations)
		return;
	say(e, e->left_out_said ? "; " : " Left out: ");
	e->left_out_said = true;
	say_operations(e, operations);
	if (condition == SF_CONDITION_FUNC)
		say(e, ", whose functions are not named");
	else if (is_lack)
		sf_append_format(&e->out, ", which %s no %s", operations & (operations - 1) ? "have" : "has", row->lacks);
	else
		sf_append_format(&e->out, ", never with this %s", sf_condition_words[condition]);
}

static void say_impossible(struct english *e, const struct sf_action *action, uint32_t operations)
{
	char text[64];

	sf_action_print(action, text, sizeof text);
	say(e, e->left_out_said ? "; " : " Left out: ");
	e->left_out_said = true;
	say_operations(e, operations);
	sf_append_format(&e->out, ", where '%s' can't happen", text);
}

/* Left-out calls, grouped by the first reason that holds. */
static void say_left_out(struct english *e)
{
	const struct sf_rule *rule = e->rule;
	uint32_t left = rule->left_out;

	for (int i = 0; i < SF_CONDITION_COUNT && left; i++) {
		uint32_t without = left & ~sf_condition_operations(rule, (enum sf_condition)i);
		uint32_t has_it = i == SF_CONDITION_PER ? 0 : sf_condition_rows[i].operations;

		if (!has(e, (enum sf_condition)i))
			continue;
		say_without(e, (enum sf_condition)i, without & ~has_it, true);
		say_without(e, (enum sf_condition)i, without & has_it, false);
		left &= ~without;
	}
	for (unsigned i = 0; i < rule->action_count && left; i++) {
		uint32_t without = left & ~sf_action_operations(rule, &rule->actions[i]);

		if (without)
			say_impossible(e, &rule->actions[i], without);
		left &= ~without;
	}
	say(e, e->left_out_said ? "." : "");
}

static void say_unrepeatable(struct english *e)
{
	const struct sf_rule *rule = e->rule;
	bool counts = has(e, SF_CONDITION_NTH) || has(e, SF_CONDITION_TIMES);
	bool is_shared = counts && (!is_every_call(rule) || has(e, SF_CONDITION_TIMES)) &&
	                 (rule->per == SF_PER_RUN || rule->per == SF_PER_PROCESS) && !has(e, SF_CONDITION_KEY);

	if (has(e, SF_CONDITION_TIME))
		say(e, " What happens when is timing: the seed alone does not repeat it, replay does.");
	else if (is_shared || has(e, SF_CONDITION_CONN))
		say(e,
		    " With several threads, which calls these are is timing: the seed alone does not repeat it, replay does.");
}

static void say_rule(struct english *e)
{
	static const char *const per[SF_PER_COUNT] = {"", "on each connection, ", "in each process, ", "in each thread, "};

	if (has(e, SF_CONDITION_CHANCE)) {
		say(e, "with a chance of ");
		sf_append_percent(&e->out, e->rule->chance);
		say(e, ", ");
	}
	say(e, per[e->rule->per]);
	say_count(e);
	say_calls(e);
	say_place(e);
	say_socket(e);
	say_bytes(e);
	say_count_limits(e);
	say_time(e);
	say_connection(e);
	say_actions(e);
	say_times(e);
	say(e, ".");
}

size_t sf_rule_describe(const struct sf_ruleset *set, const struct sf_rule *rule, char *buffer, size_t size)
{
	struct english e = {sf_append_to(buffer, size), set, rule, false};

	say_rule(&e);
	say_left_out(&e);
	say_unrepeatable(&e);
	if (size > 1)
		buffer[0] = (char)(buffer[0] - 'a' + 'A'); /* it begins with a lower-case word of ours */
	return sf_append_end(&e.out);
}
