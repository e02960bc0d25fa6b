/* SPDX-License-Identifier: MIT
 *
 * tally.c -- see tally.h. Whether an action applies to a call it asks as core/decide.c does; what an event says of its
 * call is enough for that.
 */
#include "cli/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/words.h"
#include "core/call.h"
#include "core/fact.h"
#include "core/fault.h"

/* Operations, then functions that only func= meets. */
#define SLOTS (SF_OPERATION_COUNT + SF_FUNC_COUNT)

/* The actions of one rule that fired. */
struct deed {
	struct sf_action actions[SF_ACTIONS_MAX];
	unsigned count;
};

/* Calls on one socket or in one thread, as one rule counts them. */
struct count {
	uint32_t calls[SLOTS];
	uint64_t offset[2]; /* of the latest recv and send */
	uint32_t at_offset[2];
};

struct subject {
	bool named, listening;
	struct count counts[]; /* by deed */
};

struct sf_tally {
	struct sf_reader *reader;
	struct deed *deeds;
	unsigned deed_count;
	uint16_t deed_of[SF_RULES_MAX + 1];  /* by the rule's number, 0: it never fired */
	struct subject **sockets, **threads; /* by index, NULL: no call yet */
	uint32_t socket_count, thread_count;
};

/* ---- the rules that fired ---- */

/* As the run's rules have it; a trace whose rules were replaced has only what its events say. */
static struct deed deed_of(const struct sf_ruleset *rules, unsigned number, struct sf_action shown)
{
	const struct sf_rule *rule = rules && number <= rules->count ? &rules->rules[number - 1] : NULL;
	struct deed deed = {.actions = {shown}, .count = 1};

	if (!rule || rule->action_count > SF_ACTIONS_MAX)
		return deed;
	deed.count = 0;
	for (unsigned i = 0; i < rule->action_count; i++)
		if (rule->actions[i].kind < SF_FAULT_COUNT)
			deed.actions[deed.count++] = rule->actions[i];
	return deed;
}

static void learn(struct sf_tally *tally, unsigned number, unsigned fault, struct sf_argument argument)
{
	struct sf_action shown = {argument, (uint8_t)(fault - 1)};

	if (!number || number > SF_RULES_MAX || !fault || fault > SF_FAULT_COUNT || tally->deed_of[number])
		return;
	struct deed *larger = realloc(tally->deeds, (tally->deed_count + 1) * sizeof *larger);

	if (!larger)
		sf_die("out of memory");
	tally->deeds = larger;
	tally->deeds[tally->deed_count] = deed_of(sf_reader_rules(tally->reader), number, shown);
	tally->deed_of[number] = (uint16_t)++tally->deed_count;
}

struct sf_tally *sf_tally_begin(struct sf_reader *reader)
{
	struct sf_tally *tally = sf_allocate(sizeof *tally);
	struct sf_seen seen;

	tally->reader = reader;
	while (sf_reader_next(reader, &seen)) {
		const struct sf_event *event = &seen.event;

		learn(
		    tally, event->rule, event->fault,
		    (struct sf_argument){event->fault_value, event->fault_value, event->fault_unit});
		learn(tally, event->shaped_rule, event->shaped_fault, (struct sf_argument){0});
	}
	sf_reader_rewind(reader);
	tally->socket_count = sf_reader_count(reader, SF_SOCKETS);
	tally->thread_count = sf_reader_count(reader, SF_THREADS);
	tally->sockets = sf_allocate((tally->socket_count + UINT64_C(1)) * sizeof *tally->sockets);
	tally->threads = sf_allocate((tally->thread_count + UINT64_C(1)) * sizeof *tally->threads);
	return tally;
}

void sf_tally_end(struct sf_tally *tally)
{
	for (uint32_t i = 0; i <= tally->socket_count; i++)
		free(tally->sockets[i]);
	for (uint32_t i = 0; i <= tally->thread_count; i++)
		free(tally->threads[i]);
	free(tally->sockets);
	free(tally->threads);
	free(tally->deeds);
	free(tally);
}

/* ---- counting ---- */

static unsigned slot_of(unsigned func)
{
	return sf_func_rows[func].by_name_only ? SF_OPERATION_COUNT + func : sf_func_rows[func].operation;
}

static bool is_counted(const struct sf_event *event)
{
	return sf_event_operation_of(event) < SF_OPERATION_RULED &&
	       !(event->ret < 0 && event->error == EAGAIN && event->mode == SF_NONBLOCKING && !event->rule);
}

static struct sf_call call_of(const struct sf_event *event, const struct sf_socket *socket)
{
	struct sf_call call = {
	    .func = event->what,
	    .operation = sf_func_rows[event->what].operation,
	    .fd = event->fd,
	    .flags = (int)event->flags,
	    .asked = event->asked,
	    .len = event->asked,
	    .mode = event->mode,
	    .question = event->question};

	if (socket && socket->family < SF_FAMILY_COUNT && socket->type < SF_TYPE_COUNT && socket->side < SF_SIDE_COUNT) {
		call.family = socket->family;
		call.type = socket->type;
		call.side = socket->side;
		call.on = sf_on(socket->family, socket->type);
	}
	return call;
}

static bool applies(const struct deed *deed, const struct sf_call *call)
{
	for (unsigned i = 0; i < deed->count; i++)
		if (sf_action_applies(&deed->actions[i], call) == SF_REALISM_NONE)
			return false;
	return true;
}

static struct subject *subject_at(const struct sf_tally *tally, struct subject **list, uint32_t index, uint32_t count)
{
	if (index > count)
		index = 0;
	if (!list[index])
		list[index] = sf_allocate(sizeof *list[index] + tally->deed_count * sizeof list[index]->counts[0]);
	return list[index];
}

static void count_for(struct count *count, const struct sf_event *event)
{
	enum sf_operation operation = sf_event_operation_of(event);
	bool out = operation == SF_SEND;

	count->calls[slot_of(event->what)]++;
	if (operation != SF_SEND && operation != SF_RECV)
		return;
	count->at_offset[out] = count->offset[out] == event->offset ? count->at_offset[out] + 1 : 1;
	count->offset[out] = event->offset;
}

/* A connection has its key from the moment in which connect is entered or accept returns, a datagram socket from its
 * first transfer: rules with key= do not see what was called before. */
static bool is_named(const struct subject *subject, const struct sf_socket *socket, const struct sf_event *event)
{
	enum sf_operation operation = sf_event_operation_of(event);
	bool moves = operation == SF_SEND || operation == SF_RECV;

	return subject->named || (atomic_load_explicit(&socket->has_key, memory_order_relaxed) &&
	                          (operation == SF_CONNECT || socket->side == SF_SERVER || socket->side == SF_SIDE_NONE ||
	                           (socket->type == SF_DGRAM && moves)));
}

/* A rule without a key meets the ends of a socketpair only if it says family=. */
static bool counts_in_thread(const struct sf_socket *socket)
{
	return !socket || !socket->domestic;
}

bool sf_tally_add(struct sf_tally *tally, const struct sf_seen *seen)
{
	const struct sf_event *event = &seen->event;
	const struct sf_socket *socket = sf_reader_socket(tally->reader, event->socket);

	if (!is_counted(event))
		return false;
	struct subject *on_thread = subject_at(tally, tally->threads, seen->thread, tally->thread_count);
	struct subject *on_socket = subject_at(tally, tally->sockets, socket ? event->socket : 0, tally->socket_count);
	struct sf_call call = call_of(event, socket);

	if (socket)
		on_socket->named = is_named(on_socket, socket, event);
	for (unsigned i = 0; i < tally->deed_count; i++) {
		if (!applies(&tally->deeds[i], &call))
			continue;
		if (counts_in_thread(socket))
			count_for(&on_thread->counts[i], event);
		if (on_socket->named || on_socket->listening)
			count_for(&on_socket->counts[i], event);
	}
	if (socket && sf_event_operation_of(event) == SF_LISTEN && event->ret == 0)
		on_socket->listening = true;
	return true;
}

/* ---- asking ---- */

static const struct count *count_of(const struct sf_tally *tally, const struct subject *subject, unsigned rule)
{
	static const struct count none;

	return subject && rule <= SF_RULES_MAX && tally->deed_of[rule] ? &subject->counts[tally->deed_of[rule] - 1] : &none;
}

struct sf_place sf_tally_place(const struct sf_tally *tally, const struct sf_seen *seen, unsigned rule)
{
	const struct sf_event *event = &seen->event;
	const struct subject *socket = event->socket <= tally->socket_count ? tally->sockets[event->socket] : NULL;
	bool aimed = event->socket && socket && (socket->named || (socket->listening && event->what != SF_FUNC_listen));
	uint32_t thread = seen->thread <= tally->thread_count ? seen->thread : 0;
	const struct count *count = count_of(tally, aimed ? socket : tally->threads[thread], rule);
	enum sf_operation operation = sf_event_operation_of(event);
	bool moves = operation == SF_SEND || operation == SF_RECV;

	return (struct sf_place){
	    .aim = !aimed          ? SF_AIM_THREAD
	           : socket->named ? SF_AIM_KEY
	                           : SF_AIM_LISTENER,
	    .subject = aimed ? event->socket : thread,
	    .nth = count->calls[slot_of(event->what)],
	    .nth_at_offset = aimed && moves ? count->at_offset[operation == SF_SEND] : 0,
	};
}

uint32_t sf_tally_in_thread(const struct sf_tally *tally, uint32_t thread, unsigned func, unsigned rule)
{
	return thread <= tally->thread_count ? count_of(tally, tally->threads[thread], rule)->calls[slot_of(func)] : 0;
}
