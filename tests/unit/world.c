/* SPDX-License-Identifier: MIT
 *
 * world.c -- see world.h.
 */
#include "world.h"

#include <sched.h>
#include <string.h>

#include "core/fact.h"
#include "core/match.h"
#include "core/respite.h"
#include "rules.h"
#include "unit.h"

#define WORLD_PAGES 128

struct world_says world_says;

struct world world_with(const char *rules)
{
	struct world world = {.trace = made_trace(WORLD_PAGES)};
	struct sf_ruleset *set = rules_parsed(rules);

	world_says = (struct world_says){.thread_name = "main", .confirmed = SF_KERNEL, .ready = true};
	world.arena = world.trace.arena;
	sf_ruleset_finish(set);
	assert_true(sf_arena_load(world.arena, set));
	world.thread = made_process(&world.trace, 100, "client");
	world.process = sf_thread_at(world.arena, world.thread)->process;
	return world;
}

void world_end(struct world *world)
{
	made_trace_free(&world->trace);
}

struct sf_socket *world_connection(struct world *world, uint32_t thread, uint16_t port)
{
	struct sf_socket *socket = sf_socket_at(world->arena, made_socket(&world->trace, thread, port));

	assert_non_null(sf_match_socket(world->arena, socket, true));
	return socket;
}

struct sf_socket *world_socket(struct world *world, enum sf_family family, enum sf_type type, enum sf_side side)
{
	struct sf_socket *socket = sf_socket_at(world->arena, sf_arena_new(world->arena, SF_SOCKETS));

	assert_non_null(socket);
	socket->family = (uint8_t)family;
	socket->type = (uint8_t)type;
	socket->side = (uint8_t)side;
	return socket;
}

struct sf_call world_call(enum sf_func func, struct sf_socket *socket, size_t asked)
{
	static char payload[4096];
	struct sf_call call = {
	    .func = (uint16_t)func,
	    .operation = sf_func_rows[func].operation,
	    .fd = socket ? 5 : -1,
	    .asked = asked,
	    .len = asked,
	    .socket = socket,
	};

	assert_true(asked <= sizeof payload);
	if (asked) {
		call.shape = SF_SHAPE_BUFFER;
		call.buf = payload;
	}
	if (socket) {
		call.family = socket->family;
		call.type = socket->type;
		call.side = socket->side;
		call.mode = SF_BLOCKING;
		call.on = sf_on(socket->family, socket->type);
	}
	return call;
}

static uint64_t now_ns(void)
{
	return world_says.now_ns;
}

static size_t thread_name(char *name)
{
	size_t length = strlen(world_says.thread_name);

	assert_true(length <= 16);
	memcpy(name, world_says.thread_name, length);
	return length;
}

static enum sf_realism confirm(struct sf_call *c, const struct sf_rule *rule, bool *ready)
{
	(void)rule;
	if (world_says.dawdles)
		sched_yield();
	*ready = world_says.ready;
	c->stranger = world_says.is_stranger;
	return world_says.confirmed;
}

struct bits {
	uint64_t process[SF_RULE_WORDS], operation[SF_RULE_WORDS];
};

static struct sf_asker
asker_of(const struct world *world, uint32_t thread, const struct sf_call *call, struct bits *bits)
{
	const struct sf_ruleset *set = sf_arena_rules(world->arena);
	struct sf_thread *asking = sf_thread_at(world->arena, thread);
	struct sf_process *process = sf_process_at(world->arena, asking->process);

	sf_match_process(set, process, bits->process);
	sf_match_operation(set, call->operation, bits->operation);
	return (struct sf_asker){
	    .arena = world->arena,
	    .set = set,
	    .process = process,
	    .thread = asking,
	    .process_bits = bits->process,
	    .operation_bits = bits->operation,
	    .now_ns = now_ns,
	    .thread_name = thread_name,
	    .confirm = confirm,
	};
}

struct sf_decision world_decides_in(const struct world *world, uint32_t thread, struct sf_call *call)
{
	struct bits bits;
	struct sf_asker asker = asker_of(world, thread, call, &bits);
	struct sf_decision decision;

	sf_decide(&asker, call, &decision);
	return decision;
}

struct sf_decision world_decides(const struct world *world, struct sf_call *call)
{
	return world_decides_in(world, world->thread, call);
}

uint64_t world_keeps_silent(const struct world *world, const struct sf_call *call)
{
	struct bits bits;
	struct sf_asker asker = asker_of(world, world->thread, call, &bits);
	struct sf_call copy = *call;

	return sf_decide_ahead(&asker, &copy);
}

void world_undoes(const struct world *world, struct sf_call *call)
{
	struct bits bits;
	struct sf_asker asker = asker_of(world, world->thread, call, &bits);

	sf_decide_undo(&asker, call);
}

void world_gives_back(const struct world *world, const struct sf_call *call, unsigned rule)
{
	struct bits bits;
	struct sf_asker asker = asker_of(world, world->thread, call, &bits);

	sf_decide_give_back(&asker, call, rule);
}

void world_refuses(const struct world *world, struct sf_call *call, unsigned rule)
{
	struct bits bits;
	struct sf_asker asker = asker_of(world, world->thread, call, &bits);

	sf_decide_refuse(&asker, call, rule);
}

bool world_fires(const struct world *world, const struct sf_call *call)
{
	struct sf_call copy = *call;

	return world_decides(world, &copy).decided;
}

/* As brief.h and the gate go about it. */
static bool is_plain(const struct sf_call *call)
{
	return sf_socket_mode(call->socket, call->operation) && call->asked > 1 && !(call->flags & MSG_PEEK);
}

static bool rests_quickly(const struct sf_call *call, bool finds_nothing)
{
	struct sf_socket *socket = call->socket;

	if (!sf_quick_take(socket, call->operation, call->func, call->flags))
		return false;
	if (finds_nothing)
		sf_allowance_undo(sf_quick_word(socket, sf_quick_of(socket, call->operation)));
	return true;
}

bool world_rests(const struct world *world, const struct sf_call *call, bool finds_nothing)
{
	struct sf_match *match = sf_match_of(world->arena, sf_arena_rules(world->arena), call->socket);
	uint64_t kind = sf_respite_kind(call->func, sf_socket_mode(call->socket, call->operation), call->flags);
	struct sf_respite *respite = match && is_plain(call) ? &match->respites[call->operation != SF_SEND] : NULL;

	if (rests_quickly(call, finds_nothing))
		return true;
	if (!respite || !sf_respite_take(respite, kind, sf_decide_moved(call) + call->asked))
		return false;
	if (finds_nothing)
		sf_respite_undo(respite);
	return true;
}

void world_grants(const struct world *world, const struct sf_call *call)
{
	struct bits bits;
	struct sf_asker asker = asker_of(world, world->thread, call, &bits);

	if (is_plain(call))
		sf_respite_grant(&asker, call);
}

uint64_t world_pattern(const struct world *world, const struct sf_call *call, unsigned calls)
{
	uint64_t fired = 0;

	for (unsigned i = 0; i < calls; i++)
		fired |= (uint64_t)world_fires(world, call) << i;
	return fired;
}
