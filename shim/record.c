/* SPDX-License-Identifier: MIT
 *
 * record.c -- what the trace says of a call, as evlog.h writes it: what was asked before it, what a rule did, what came
 * of it.
 */
#include "record.h"

#include <string.h>

#include "core/match.h"
#include "evlog.h"
#include "probe.h"
#include "rest.h"

#define relaxed memory_order_relaxed

void sf_record_address(const struct sf_call *c, const struct sf_endpoint *address)
{
	enum { MOST = 112 }; /* of a path */

	if (c->event)
		sf_event_extend(c->event, SF_EXTENSION_ADDRESS, address, sizeof *address < MOST ? sizeof *address : MOST);
}

_Atomic uint32_t *sf_record_ordinal(const struct sf_call *c)
{
	struct sf_thread *thread = c->socket ? NULL : sf_thread_at(sf_arena, sf_self_here.thread);

	if (c->socket)
		return &c->socket->calls[c->operation];
	return thread ? &thread->calls[c->operation] : NULL;
}

void sf_record_destination(const struct sf_call *c)
{
	if (c->operation == SF_SEND && c->type == SF_DGRAM && c->address)
		sf_record_address(c, &c->socket->peer);
}

void sf_record_call(struct sf_call *c, struct sf_self *self)
{
	_Atomic uint32_t *ordinal = sf_record_ordinal(c);
	struct sf_endpoint asked;

	sf_event_begin(c, self);
	if (!c->event)
		return;
	c->event->conn_ordinal = ordinal ? atomic_load_explicit(ordinal, relaxed) + 1 : 0;
	if (c->operation == SF_RESOLVE && sf_readable(c->name))
		sf_event_extend(c->event, SF_EXTENSION_TEXT, c->name, strlen(c->name));
	if (c->operation == SF_RESOLVE && sf_endpoint_from(&asked, c->address, c->address_length))
		sf_record_address(c, &asked);
	if (!c->unread)
		sf_record_destination(c);
	if (sf_arena->stacks)
		sf_stack_take(c->event, c->site);
}

void sf_record_decision(
    struct sf_call *c, const struct sf_ruleset *set, const struct sf_decision *decision, struct sf_self *self)
{
	if (!c->event && sf_arena->trace_level != SF_TRACE_OFF)
		sf_record_call(c, self);
	if (!c->event)
		return;
	for (unsigned i = 0; i < decision->shaping_count; i++) {
		const struct sf_fired *fired = &decision->shaping[i];

		c->event->shaped_rule = fired->rule + 1;
		c->event->shaped_fault = sf_rule_telling(&set->rules[fired->rule])->kind + 1;
		c->event->shaped_us = (uint32_t)((c->delay_ns + c->latency_ns) / 1000);
		c->event->realism = fired->realism;
	}
	if (decision->decided) {
		const struct sf_action *action = sf_rule_telling(&set->rules[decision->deciding.rule]);

		c->event->rule = decision->deciding.rule + 1;
		c->event->ordinal = decision->deciding.ordinal;
		c->event->realism = c->realism;
		c->event->fault = action->kind + 1;
		c->event->fault_unit = action->argument.unit == SF_UNIT_PERCENT ? SF_UNIT_BYTES : action->argument.unit;
		c->event->fault_value = c->value;
	}
	if (!c->event->stack)
		sf_stack_take(c->event, c->site);
}

/* A read that a rule has cut: what lies there still, which the program was not shown. */
static void record_unread(const struct sf_call *c)
{
	struct sf_rest rest = {0};
	int queued = 0;

	if (sf_self_is_sandboxed() || sf_sys(SYS_ioctl, c->fd, FIONREAD, &queued) != 0 || queued <= 0)
		return;
	rest.length = (uint64_t)queued;
	sf_event_extend(c->event, SF_EXTENSION_REST, &rest, sizeof rest);
}

/* What the event says of the bytes themselves, now that the kernel has looked at them. */
static void record_bytes(struct sf_call *c)
{
	bool is_vector = c->shape > SF_SHAPE_BUFFER;

	if (is_vector && (c->ret >= 0 || c->err != EFAULT))
		c->event->buffer = (uint64_t)(uintptr_t)sf_rest_beginning(c);
	if (c->operation == SF_SEND && (c->ret != (int64_t)c->asked || sf_rest_is_outstanding(c->socket)))
		sf_rest_note(c);
	if (c->operation == SF_RECV && c->type == SF_STREAM && c->len < c->asked && c->ret == (int64_t)c->len)
		record_unread(c);
}

/* Who could have interrupted it, of a fault. */
static void record_signals(const struct sf_call *c)
{
	struct sf_disposition signals[SF_SIGNALS];
	size_t n = sf_self_is_sandboxed() ? 0 : sf_probe_handlers(signals);

	sf_event_extend(c->event, SF_EXTENSION_SIGNAL, signals, n * sizeof signals[0]);
}

void sf_record_result(struct sf_call *c)
{
	if (c->socket && sf_call_is_transfer(c))
		record_bytes(c);
	if (c->rule && c->ret < 0 && c->err == EINTR)
		record_signals(c);
	if (c->func == SF_FUNC_getsockopt && c->flags == (SOL_SOCKET << 16 | SO_ERROR) && c->ret == 0 && c->buf)
		c->event->asked = (uint64_t) * (const int *)c->buf;
	sf_event_end(c);
}

void sf_record_begin(struct sf_call *c)
{
	if (__builtin_expect(sf_watch == sf_watch_looks, 0))
		sf_self_get(); /* a wait may be all that the parent of a vfork child does */
	struct sf_self *self = sf_arena->trace_level == SF_TRACE_ALL ? sf_self_get() : NULL;

	if (!self)
		return;
	sf_event_begin(c, self);
	if (c->event && sf_arena->stacks)
		sf_stack_take(c->event, c->site);
}

int64_t sf_record_end(struct sf_call *c, int64_t ret)
{
	int before = errno;

	c->ret = ret;
	c->err = ret < 0 ? before : 0;
	if (c->event)
		sf_event_end(c);
	errno = before;
	return ret;
}
