/* SPDX-License-Identifier: MIT
 *
 * replay.c -- `sockfault replay`: a scenario that repeats exactly the faults of a trace, without its seed. One rule for
 * each injected fault (runs of equal ones are put together), aimed at the very call:
 *
 *     on a connection         OP key=KEY nth=N per=conn        N-th of its operation since the connection has its key
 *     on a listener           OP side=listener nth=N per=conn  with local= where the run had several listeners
 *     where offset= cut       OP key=KEY offset=AT nth=N per=conn  N-th at this very byte
 *     any other call          OP process=P nth=N per=thread    N-th of its operation in its thread
 *
 * N comes from tally.h. What the language can't aim at is said in a comment.
 */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/tally.h"
#include "cli/words.h"
#include "core/fault.h"

struct injected {
	uint64_t seq;
	enum sf_aim aim;
	bool lost; /* can't be aimed at */
	bool by_offset;
	uint32_t subject; /* index of the socket or of the thread */
	uint32_t process, thread;
	uint64_t offset;
	uint32_t first, last; /* nth */
	uint16_t func;
	uint16_t rule; /* of the trace */
	struct sf_action action;
	uint32_t site;
};

struct replay {
	struct sf_reader *reader;
	const struct sf_ruleset *rules;
	struct sf_output *out;
	struct sf_tally *tally;
	struct injected *list;
	size_t count, room, kept;
	bool complete; /* the trace has all calls */
};

/* ---- collecting ---- */

static bool was_cut(const struct replay *replay, unsigned rule)
{
	return replay->rules && rule && rule <= replay->rules->count &&
	       sf_rule_has(&replay->rules->rules[rule - 1], SF_CONDITION_OFFSET);
}

static void keep(struct replay *replay, struct injected injected)
{
	if (replay->count == replay->room) {
		replay->room = replay->room ? replay->room * 2 : 256;
		replay->list = realloc(replay->list, replay->room * sizeof *replay->list);
		if (!replay->list)
			sf_die("out of memory");
	}
	replay->list[replay->count++] = injected;
}

/* The shaping that an event has, as an action: what it cost, or, of rate, what the rule said. */
static struct sf_action shaping_of(const struct replay *replay, const struct sf_event *event)
{
	uint64_t ns = event->shaped_us * UINT64_C(1000);
	struct sf_action action = {{ns, ns, SF_UNIT_DURATION}, (uint8_t)(event->shaped_fault - 1)};
	unsigned rule = event->shaped_rule;

	if (sf_faults[action.kind]->units & SF_BIT(SF_UNIT_DURATION) || !replay->rules || rule > replay->rules->count)
		return action;
	const struct sf_rule *said = &replay->rules->rules[rule - 1];

	for (unsigned i = 0; i < said->action_count && i < SF_ACTIONS_MAX; i++)
		if (said->actions[i].kind == action.kind)
			action.argument = said->actions[i].argument;
	return action;
}

/* One fault: the rule, what it did, and the place of its call. Only a trace of all calls has the place. */
static void collect(struct replay *replay, const struct sf_seen *seen, unsigned rule, struct sf_action action)
{
	const struct sf_event *event = &seen->event;
	struct sf_place place = sf_tally_place(replay->tally, seen, rule);
	struct injected fault = {
	    .seq = seen->seq,
	    .aim = place.aim,
	    .lost = !replay->complete || !place.nth,
	    .by_offset = place.aim == SF_AIM_KEY && was_cut(replay, rule) && place.nth_at_offset,
	    .subject = place.subject,
	    .process = seen->process,
	    .thread = seen->thread,
	    .offset = event->offset,
	    .first = place.nth,
	    .func = event->what,
	    .rule = (uint16_t)rule,
	    .action = action,
	    .site = event->site};

	if (fault.by_offset)
		fault.first = place.nth_at_offset;
	fault.last = fault.first;
	keep(replay, fault);
}

static void read_all(struct replay *replay)
{
	struct sf_seen seen;

	while (sf_reader_next(replay->reader, &seen)) {
		const struct sf_event *event = &seen.event;

		if (!sf_event_is_call(event) || !sf_tally_add(replay->tally, &seen))
			continue;
		if (event->rule && event->fault && event->fault - 1 != SF_FAULT_pass)
			collect(
			    replay, &seen, event->rule,
			    (struct sf_action){
			        {event->fault_value, event->fault_value, event->fault_unit}, (uint8_t)(event->fault - 1)});
		if (event->shaped_rule && event->shaped_fault)
			collect(replay, &seen, event->shaped_rule, shaping_of(replay, event));
	}
}

/* ---- putting runs together ---- */

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static uint64_t counted_as(const struct injected *injected)
{
	const struct sf_func_row *row = &sf_func_rows[injected->func];

	return row->by_name_only ? SF_OPERATION_COUNT + injected->func : row->operation;
}

/* By what makes two faults one rule; runs of ordinals then stand together. */
static int by_rule(const void *left, const void *right)
{
	const struct injected *a = left, *b = right;
	int order = compare(a->aim, b->aim);

	order = order ? order : compare(a->subject, b->subject);
	order = order ? order : compare(counted_as(a), counted_as(b));
	order = order ? order : compare(a->rule, b->rule);
	order = order ? order : compare(a->action.kind, b->action.kind);
	order = order ? order : compare(a->action.argument.unit, b->action.argument.unit);
	order = order ? order : compare(a->action.argument.low, b->action.argument.low);
	order = order ? order : compare(a->by_offset, b->by_offset);
	return order ? order : compare(a->seq, b->seq);
}

static int by_seq(const void *left, const void *right)
{
	return compare(((const struct injected *)left)->seq, ((const struct injected *)right)->seq);
}

static bool goes_on(const struct injected *run, const struct injected *next)
{
	return run->aim == next->aim && !run->lost && !next->lost && run->subject == next->subject &&
	       counted_as(run) == counted_as(next) && run->rule == next->rule && run->action.kind == next->action.kind &&
	       run->action.argument.unit == next->action.argument.unit &&
	       run->action.argument.low == next->action.argument.low && !run->by_offset && !next->by_offset &&
	       next->first == run->last + 1;
}

static void join_runs(struct replay *replay)
{
	if (!replay->count)
		return;
	qsort(replay->list, replay->count, sizeof *replay->list, by_rule);
	for (size_t i = 0; i < replay->count; i++)
		if (replay->kept && goes_on(&replay->list[replay->kept - 1], &replay->list[i]))
			replay->list[replay->kept - 1].last = replay->list[i].last;
		else
			replay->list[replay->kept++] = replay->list[i];
	qsort(replay->list, replay->kept, sizeof *replay->list, by_seq);
}

/* ---- writing ---- */

static void put_condition(struct sf_output *out, const char *key, const char *value)
{
	sf_put_text(out, " ");
	sf_put_text(out, key);
	sf_put_text(out, "=");
	sf_put_text(out, value);
}

static void put_count(struct sf_output *out, const char *key, uint64_t first, uint64_t last)
{
	sf_put_text(out, " ");
	sf_put_text(out, key);
	sf_put_text(out, "=");
	sf_put_number(out, first);
	if (last == first)
		return;
	sf_put_text(out, "..");
	sf_put_number(out, last);
}

static bool has_other_listeners(const struct replay *replay, uint32_t index)
{
	uint32_t count = sf_reader_count(replay->reader, SF_SOCKETS);

	for (uint32_t i = 1; i <= count; i++) {
		const struct sf_socket *socket = sf_reader_socket(replay->reader, i);

		if (i != index && socket && socket->side == SF_LISTENER)
			return true;
	}
	return false;
}

/* As a condition has it: a path that no rule could spell is left out. */
static bool print_address(const struct sf_endpoint *address, char *text, size_t size)
{
	size_t length = sf_endpoint_print(address, text, size);

	for (size_t i = 0; i < length && i + 1 < size; i++)
		if (!isgraph((unsigned char)text[i]) || strchr("\"#,", text[i]))
			return false;
	return length > 0 && length < size;
}

static void put_aim(struct replay *replay, const struct injected *injected)
{
	struct sf_output *out = replay->out;
	const struct sf_socket *socket = sf_reader_socket(replay->reader, injected->subject);
	const struct sf_process *process = sf_reader_process(replay->reader, injected->process);
	char text[160];

	if (sf_func_rows[injected->func].by_name_only)
		put_condition(out, "func", sf_func_rows[injected->func].name);
	if (injected->aim == SF_AIM_THREAD) {
		put_count(out, "process", process ? process->number : 0, process ? process->number : 0);
		return;
	}
	if (injected->aim == SF_AIM_LISTENER) {
		if (has_other_listeners(replay, injected->subject) && print_address(&socket->local, text, sizeof text))
			put_condition(out, "local", text);
		put_condition(out, "side", "listener");
		return;
	}
	if (socket->domestic && socket->family < SF_FAMILY_COUNT)
		put_condition(out, "family", sf_family_words[socket->family]);
	put_condition(out, "key", sf_socket_key(sf_reader_thread(replay->reader, socket->thread), socket, text));
	if (injected->by_offset)
		put_count(out, "offset", injected->offset, injected->offset);
}

/* All actions of the rule that fired, the last one (which the event shows) with the value that was picked. */
static bool put_actions(struct replay *replay, const struct injected *injected)
{
	const struct sf_rule *rule = NULL;
	bool exact = true;
	char text[160];

	if (replay->rules && injected->rule <= replay->rules->count)
		rule = &replay->rules->rules[injected->rule - 1];
	for (unsigned i = 0; rule && rule->action_count <= SF_ACTIONS_MAX && i + 1 < rule->action_count; i++) {
		if (rule->actions[i].kind >= SF_FAULT_COUNT)
			continue;
		exact &= rule->actions[i].argument.low == rule->actions[i].argument.high &&
		         !sf_faults[injected->action.kind]->shapes;
		sf_action_print(&rule->actions[i], text, sizeof text);
		sf_put_text(replay->out, text);
		sf_put_text(replay->out, ", ");
	}
	sf_action_print(&injected->action, text, sizeof text);
	sf_put_text(replay->out, text);
	return exact && injected->action.kind != SF_FAULT_corrupt;
}

/* Another thread of the process that makes as many of these calls meets the rule as well. */
static bool is_met_by_others(const struct replay *replay, const struct injected *injected)
{
	uint32_t count = sf_reader_count(replay->reader, SF_THREADS);

	for (uint32_t i = 1; i <= count; i++) {
		const struct sf_thread *thread = sf_reader_thread(replay->reader, i);

		if (i != injected->thread && thread && thread->process == injected->process &&
		    sf_tally_in_thread(replay->tally, i, injected->func, injected->rule) >= injected->first)
			return true;
	}
	return false;
}

static void put_origin(struct replay *replay, const struct injected *injected)
{
	char place[300];

	sf_put_text(replay->out, "  # event ");
	sf_put_number(replay->out, injected->seq);
	if (!sf_reader_place(replay->reader, injected->site, place, sizeof place))
		return;
	sf_put_text(replay->out, ", ");
	sf_put_plain(replay->out, place, strlen(place));
}

static void put_rule(struct replay *replay, const struct injected *injected)
{
	struct sf_output *out = replay->out;

	if (injected->lost)
		sf_put_text(out, "# can't be aimed at again (only a trace of all calls says which one it was): ");
	sf_put_text(out, sf_operation_words[sf_func_rows[injected->func].operation]);
	if (!injected->lost) {
		put_aim(replay, injected);
		put_count(out, "nth", injected->first, injected->last);
		put_condition(out, "per", injected->aim == SF_AIM_THREAD ? "thread" : "conn");
	}
	sf_put_text(out, " : ");
	bool exact = put_actions(replay, injected);

	put_origin(replay, injected);
	sf_put_text(out, "\n");
	if (!exact)
		sf_put_text(out, "# ^ not exact: the trace does not have all that was picked from a range for it\n");
	if (!injected->lost && injected->aim == SF_AIM_THREAD && is_met_by_others(replay, injected))
		sf_put_text(
		    out, "# ^ not exact: another thread of this process makes as many such calls, and meets the rule too\n");
}

static void put_head(struct replay *replay, const char *path)
{
	struct sf_output *out = replay->out;

	sf_put_text(out, "# Repeats the ");
	sf_put_number(out, replay->count);
	sf_put_text(out, replay->count == 1 ? " fault of " : " faults of ");
	sf_put_plain(out, path, strlen(path));
	sf_put_text(out, "\n");
}

static struct replay begin(const char *path)
{
	struct replay replay = {0};
	const char *why;

	replay.reader = sf_reader_open(path, &why);
	if (!replay.reader)
		sf_die("can't read the trace %s: %s", path, why);
	replay.rules = sf_reader_rules(replay.reader);
	replay.complete = sf_reader_arena(replay.reader)->trace_level == SF_TRACE_ALL;
	replay.tally = sf_tally_begin(replay.reader);
	replay.out = sf_allocate(sizeof *replay.out);
	replay.out->fd = STDOUT_FILENO;
	return replay;
}

int sf_cmd_replay(int argc, char **argv)
{
	struct sf_words words;

	sf_words_begin(&words, argc, argv);
	while (sf_words_next(&words) != SF_OPTION_END)
		;
	if (words.operand_count > 1)
		sf_words_refuse(&words, "one FILE at most");
	const char *path = words.operand_count ? words.operands[0] : sf_path_latest();
	struct replay replay = begin(path);

	signal(SIGPIPE, SIG_IGN);
	read_all(&replay);
	join_runs(&replay);
	if (replay.kept > SF_RULES_MAX)
		sf_die("%zu rules would be needed, and a scenario holds %d", replay.kept, SF_RULES_MAX);
	if (atomic_load_explicit(&sf_reader_arena(replay.reader)->events_lost, memory_order_relaxed))
		sf_warn("events are missing from this trace: calls after them may be counted wrongly");
	put_head(&replay, path);
	for (size_t i = 0; i < replay.kept; i++)
		put_rule(&replay, &replay.list[i]);
	sf_output_flush(replay.out);
	return SF_STATUS_GOOD;
}
