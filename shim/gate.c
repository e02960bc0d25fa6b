/* SPDX-License-Identifier: MIT
 *
 * gate.c -- the doorway behind gate.h: looks the descriptor up, records the call, asks sf_decide() whether a rule
 * fires, lets fault/<kind>.c say what that means and effect.c do it. Everything that a call costs beyond sf_idle() is
 * in this file's order.
 */
#include "gate.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>

#include "brief.h"
#include "core/decide.h"
#include "core/fact.h"
#include "core/fault.h"
#include "core/match.h"
#include "core/respite.h"
#include "cut.h"
#include "datagram.h"
#include "effect.h"
#include "evlog.h"
#include "part.h"
#include "probe.h"
#include "readiness.h"
#include "rest.h"

#define relaxed memory_order_relaxed

/* What the rules say of this process and of each operation; settled anew when the rules change. Threads that settle at
 * the same time write the same words. */
static struct {
	_Atomic uint64_t ruleset_at;
	uint64_t process[SF_RULE_WORDS];
	uint64_t operation[SF_OPERATION_COUNT][SF_RULE_WORDS];
	uint32_t for_process;
	bool uses_local;
} settled;

static const struct sf_ruleset *rules_settled(void)
{
	const struct sf_ruleset *set = sf_arena_rules(sf_arena);
	uint64_t at = atomic_load_explicit(&sf_arena->ruleset_at, relaxed);

	if (!set ||
	    (atomic_load_explicit(&settled.ruleset_at, memory_order_acquire) == at && settled.for_process == sf_process))
		return set;
	sf_match_process(set, sf_self_process(), settled.process);
	for (int i = 0; i < SF_OPERATION_COUNT; i++)
		sf_match_operation(set, i, settled.operation[i]);
	settled.for_process = sf_process;
	atomic_store_explicit(&settled.ruleset_at, at, memory_order_release);
	return set;
}

/* Which operations does any rule meet on this socket in this process? */
static uint32_t operations_met(const struct sf_ruleset *set, struct sf_socket *socket)
{
	const struct sf_match *match = sf_match_of(sf_arena, set, socket);
	const uint64_t *bits = match ? match->bits : sf_match_socket(sf_arena, socket, false);
	uint32_t met = 0;

	for (uint32_t word = 0; bits && word < sf_rule_words(set); word++)
		for (uint64_t left = bits[word] & settled.process[word]; left; left &= left - 1)
			met |= sf_rule_touches(&set->rules[word * 64 + (unsigned)__builtin_ctzll(left)]);
	return met;
}

void sf_gate_forget(int fd)
{
	const struct sf_ruleset *set = sf_arena_rules(sf_arena);
	struct sf_socket *socket = sf_fd_socket(fd);

	if (socket && set)
		sf_match_socket(sf_arena, socket, false);
	sf_fd_set(fd, sf_fd_socket(fd));
}

static void settle(int fd, uint64_t entry, struct sf_socket *socket)
{
	uint32_t generation = atomic_load_explicit(&sf_arena->generation, relaxed);
	const struct sf_ruleset *set;

	if (sf_entry_generation(entry) == (uint8_t)generation || !(set = rules_settled()))
		return;
	uint64_t was = entry;

	entry = sf_entry(sf_entry_place(entry), operations_met(set, socket), generation);
	/* Unless the number was closed, and perhaps given away, since it was read. */
	atomic_compare_exchange_strong_explicit(&sf_fd_table.entries[fd], &was, entry, relaxed, relaxed);
}

/* Of messages: the address that the first one is for. */
static void find_destination(struct sf_call *c)
{
	const struct msghdr *first = c->shape == SF_SHAPE_MESSAGE                    ? c->msg
	                             : c->shape == SF_SHAPE_MESSAGES && c->count > 0 ? &c->mmsg->msg_hdr
	                                                                             : NULL;

	if (c->operation == SF_SEND && sf_readable(first) && first->msg_name) {
		c->address = first->msg_name;
		c->address_length = first->msg_namelen;
	}
}

/* The peer of a datagram socket is whom it last sent to or heard from. */
static void note_destination(const struct sf_call *c, struct sf_socket *socket)
{
	struct sf_endpoint to;

	if (c->operation == SF_SEND && sf_endpoint_from(&to, c->address, c->address_length))
		socket->peer = to;
}

/* A datagram socket counts as a connection from its first call, to the peer of that call. */
static void name_datagram(struct sf_call *c, struct sf_socket *socket, const struct sf_self *self)
{
	const struct sf_ruleset *set = sf_arena_rules(sf_arena);

	if (set && set->count) {
		find_destination(c);
		note_destination(c, socket);
	}
	sf_socket_name(sf_arena, socket, self->thread, self->record);
	if (set)
		sf_match_socket(sf_arena, socket, true);
	sf_fd_set(c->fd, sf_fd_socket(c->fd));
}

static bool is_transfer(const struct sf_call *c)
{
	return c->operation == SF_SEND || c->operation == SF_RECV;
}

static uint8_t mode_of(const struct sf_call *c, const struct sf_socket *socket)
{
	if (socket->nonblocking || (is_transfer(c) && (c->flags & MSG_DONTWAIT)))
		return SF_NONBLOCKING;
	if (c->operation == SF_SEND || c->operation == SF_CONNECT)
		return socket->send_timeout ? SF_TIMEOUT : SF_BLOCKING;
	return (c->operation == SF_RECV || c->operation == SF_ACCEPT) && socket->receive_timeout ? SF_TIMEOUT : SF_BLOCKING;
}

static void look(struct sf_call *c, const struct sf_self *self)
{
	uint64_t entry = sf_fd_entry(c->fd);
	struct sf_socket *socket = sf_entry_socket(entry);

	if (!socket)
		return;
	if (socket->type == SF_DGRAM && is_transfer(c) && !atomic_load_explicit(&socket->has_key, relaxed)) {
		name_datagram(c, socket, self);
		entry = sf_fd_entry(c->fd);
	}
	settle(c->fd, entry, socket);
	c->socket = socket;
	c->socket_index = socket->index;
	c->family = socket->family;
	c->type = socket->type;
	c->side = socket->side;
	c->mode = mode_of(c, socket);
	c->on = sf_on(socket->family, socket->type);
}

static size_t vector_length(const struct iovec *iov, size_t count)
{
	size_t length = 0;

	for (size_t i = 0; sf_readable(iov) && count <= IOV_MAX && i < count; i++)
		length += iov[i].iov_len;
	return length;
}

static size_t message_length(const struct msghdr *msg)
{
	if (!sf_readable(msg))
		return 0;
	sf_real_tidy(msg);
	return vector_length(msg->msg_iov, msg->msg_iovlen);
}

static void measure(struct sf_call *c)
{
	if (c->shape == SF_SHAPE_VECTOR)
		c->asked = vector_length(c->iov, c->count < 0 ? 0 : (size_t)c->count);
	else if (c->shape == SF_SHAPE_MESSAGE)
		c->asked = message_length(c->msg);
	else if (c->shape == SF_SHAPE_MESSAGES)
		for (int i = 0; i < c->count && sf_readable(c->mmsg); i++)
			c->asked += message_length(&c->mmsg[i].msg_hdr);
	else
		return;
	c->len = c->asked;
	/* What the kernel will refuse is for the kernel alone: nothing of it is looked at. */
	if (c->asked == 0)
		c->shape = SF_SHAPE_NONE;
}

/* What a call is given is read before it where a rule or an after-state may need that. Else the kernel looks first: it
 * says EFAULT where we would crash. */
static bool may_stay_unread(const struct sf_call *c, uint64_t why)
{
	return is_transfer(c) && !(why & SF_WATCH_MEND) &&
	       !(sf_entry_operations(sf_fd_entry(c->fd)) & SF_BIT(c->operation));
}

static void read_arguments(struct sf_call *c)
{
	find_destination(c);
	measure(c);
	if (c->type == SF_DGRAM)
		note_destination(c, c->socket);
}

#define ADDRESS_SHOWN (sizeof(struct sf_endpoint) < 112 ? sizeof(struct sf_endpoint) : 112)

static void record_destination(const struct sf_call *c)
{
	if (c->operation == SF_SEND && c->type == SF_DGRAM && c->address)
		sf_event_extend(c->event, SF_EXTENSION_ADDRESS, &c->socket->peer, ADDRESS_SHOWN);
}

/* After the call. */
static void read_late(struct sf_call *c)
{
	if (c->ret < 0 && c->err == EFAULT)
		return;
	read_arguments(c);
	if (!c->event)
		return;
	c->event->asked = c->asked;
	record_destination(c);
}

/* ---- deciding ---- */

static size_t thread_name(char *name)
{
	if (sf_sys(SYS_prctl, PR_GET_NAME, name) != 0)
		return 0;
	return strnlen(name, 16);
}

static struct sf_asker asker_of(const struct sf_ruleset *set, const struct sf_self *self, const struct sf_call *c)
{
	return (struct sf_asker){
	    .arena = sf_arena,
	    .set = set,
	    .process = sf_self_process(),
	    .thread = sf_thread_at(sf_arena, self->thread),
	    .process_bits = settled.process,
	    .operation_bits = settled.operation[c->operation],
	    .now_ns = sf_self_now_ns,
	    .thread_name = thread_name,
	    .confirm = sf_effect_confirm,
	};
}

static void act(struct sf_call *c, const struct sf_rule *rule, const struct sf_fired *fired)
{
	c->random = fired->random;
	for (unsigned i = 0; i < rule->action_count; i++) {
		const struct sf_fault *fault = sf_faults[rule->actions[i].kind];

		if (fault->before)
			fault->before(c, &rule->actions[i].argument);
	}
}

/* The action that an event shows for a rule: the last one, which is what the program meets. */
static const struct sf_action *telling(const struct sf_rule *rule)
{
	return &rule->actions[rule->action_count - 1];
}

static _Atomic uint32_t *ordinal_of(const struct sf_call *c)
{
	struct sf_thread *thread = c->socket ? NULL : sf_thread_at(sf_arena, sf_self_here.thread);

	if (c->socket)
		return &c->socket->calls[c->operation];
	return thread ? &thread->calls[c->operation] : NULL;
}

/* What only the program's memory shows is written now; the rest is in the records that the event names. */
static void record(struct sf_call *c, struct sf_self *self)
{
	_Atomic uint32_t *ordinal = ordinal_of(c);
	struct sf_endpoint asked;

	sf_event_begin(c, self);
	if (!c->event)
		return;
	c->event->conn_ordinal = ordinal ? atomic_load_explicit(ordinal, relaxed) + 1 : 0;
	if (c->operation == SF_RESOLVE && sf_readable(c->name))
		sf_event_extend(c->event, SF_EXTENSION_TEXT, c->name, strlen(c->name));
	if (c->operation == SF_RESOLVE && sf_endpoint_from(&asked, c->address, c->address_length))
		sf_event_extend(c->event, SF_EXTENSION_ADDRESS, &asked, ADDRESS_SHOWN);
	if (!c->unread)
		record_destination(c);
	if (sf_arena->stacks)
		sf_stack_take(c->event, c->site);
}

static void record_decision(
    struct sf_call *c, const struct sf_ruleset *set, const struct sf_decision *decision, struct sf_self *self)
{
	if (!c->event && sf_arena->trace_level != SF_TRACE_OFF)
		record(c, self);
	if (!c->event)
		return;
	for (unsigned i = 0; i < decision->shaping_count; i++) {
		const struct sf_fired *fired = &decision->shaping[i];

		c->event->shaped_rule = fired->rule + 1;
		c->event->shaped_fault = telling(&set->rules[fired->rule])->kind + 1;
		c->event->shaped_us = (uint32_t)((c->delay_ns + c->latency_ns) / 1000);
		c->event->realism = fired->realism;
	}
	if (decision->decided) {
		const struct sf_action *action = telling(&set->rules[decision->deciding.rule]);

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

/* The number was closed where we did not see it, and is another socket's by now, of which nothing is known. */
static void disown(struct sf_call *c)
{
	c->socket = NULL;
	c->socket_index = 0;
	c->counts = 0;
	if (c->event) {
		c->event->socket = 0;
		c->event->conn_ordinal = 0;
	}
}

/* A sandbox may kill for the other call that moves the rest: there it ends where it was cut. */
static bool can_split(const struct sf_call *c)
{
	return !(c->wishes & ~SF_WISH_HOLD) && sf_part_possible(c) &&
	       !atomic_load_explicit(&sf_self_process()->sandboxed, relaxed);
}

/* True: something fired, and the call has its wishes; or it finds nothing. */
static bool ask_rules(struct sf_call *c, struct sf_self *self)
{
	const struct sf_ruleset *set = rules_settled();
	struct sf_decision decision;

	if (!set)
		return false;
	struct sf_asker asker = asker_of(set, self, c);

	c->site_index = c->event ? c->event->site : sf_site_of(c->site);
	c->counts = 1;
	c->rules_page = sf_ruleset_page(sf_arena, set);
	sf_decide(&asker, c, &decision);
	size_t length = c->len;

	if (c->stranger)
		disown(c);
	for (unsigned i = 0; i < decision.shaping_count; i++) {
		act(c, &set->rules[decision.shaping[i].rule], &decision.shaping[i]);
		/* It had fired when the silence began. */
		if (c->released && telling(&set->rules[decision.shaping[i].rule])->kind == SF_FAULT_latency)
			sf_decide_give_back(&asker, c, decision.shaping[i].rule);
	}
	if (decision.decided && c->released &&
	    telling(&set->rules[decision.deciding.rule])->kind == SF_FAULT_stall) { /* so had this one */
		sf_decide_give_back(&asker, c, decision.deciding.rule);
		decision.decided = false;
	}
	if (decision.decided) {
		c->rule = decision.deciding.rule + 1;
		c->realism = decision.deciding.realism;
		act(c, &set->rules[decision.deciding.rule], &decision.deciding);
	}
	c->splits = c->splits && c->len == length && can_split(c);
	if (!decision.decided && !decision.shaping_count)
		return c->finds_nothing;
	record_decision(c, set, &decision, self);
	return true;
}

/* The rules that this call was counted by. NULL: others have taken their place, and count from zero. */
static const struct sf_ruleset *same_rules(const struct sf_call *c)
{
	const struct sf_ruleset *set = rules_settled();

	return set && c->rules_page == sf_ruleset_page(sf_arena, set) ? set : NULL;
}

static void take_back(struct sf_call *c)
{
	struct sf_self *self = sf_self_get();
	const struct sf_ruleset *set = self ? same_rules(c) : NULL;

	if (!set)
		return;
	struct sf_asker asker = asker_of(set, self, c);

	sf_decide_undo(&asker, c);
}

/* The rule did nothing after all: the call and its event are as if it had not met them. */
static void forget_rule(struct sf_call *c)
{
	c->rule = 0;
	c->wishes = 0;
	if (c->event) {
		c->event->rule = 0;
		c->event->fault = 0;
		c->event->realism = 0;
		c->event->ordinal = 0;
	}
}

/* The kernel would not have the fault. */
static void refuse(struct sf_call *c, struct sf_self *self)
{
	const struct sf_ruleset *set = same_rules(c);

	if (set) {
		struct sf_asker asker = asker_of(set, self, c);

		sf_decide_refuse(&asker, c, c->rule - 1u);
	}
	forget_rule(c);
}

static bool only_shortens(const struct sf_rule *rule)
{
	return rule->action_count == 1 && rule->actions[0].kind == SF_FAULT_short;
}

/* A request that was only made shorter, where the kernel moved less than even that: it would have done the same without
 * the rule. */
static void give_back(struct sf_call *c)
{
	struct sf_self *self = c->rule && !c->wishes ? sf_self_get() : NULL;
	const struct sf_ruleset *set = self ? same_rules(c) : NULL;

	if (!set || !only_shortens(&set->rules[c->rule - 1]))
		return;
	if (c->ret >= 0 && sf_call_moved(c) >= c->len && c->len < c->asked)
		return;
	struct sf_asker asker = asker_of(set, self, c);

	sf_decide_give_back(&asker, c, c->rule - 1u);
	atomic_fetch_add_explicit(&sf_ruleset_counter(set, c->rule - 1u)->without_effect, 1, relaxed);
	forget_rule(c);
}

/* ---- entering and leaving ---- */

/* A call on something that is no socket is nobody's business, unless it has no descriptor by nature. */
static bool concerns_us(const struct sf_call *c)
{
	bool copies = c->func >= SF_FUNC_dup && c->func <= SF_FUNC_dup3;
	bool makes = c->operation == SF_SOCKET && !copies;

	return c->socket || (c->fd < 0 && (makes || c->operation == SF_RESOLVE)) || c->operation == SF_POLL;
}

static bool found_nothing(const struct sf_call *c)
{
	return c->ret < 0 && c->err == EAGAIN && c->mode == SF_NONBLOCKING && !c->rule;
}

static void note_bytes(struct sf_call *c, uint64_t bytes)
{
	struct sf_socket *socket = c->socket;

	if (c->operation == SF_SEND)
		atomic_fetch_add_explicit(&socket->sent, bytes, relaxed);
	else if (c->operation == SF_RECV && !(c->flags & MSG_PEEK))
		atomic_fetch_add_explicit(&socket->received, bytes, relaxed);
	else if (c->operation == SF_RECV && c->type == SF_STREAM)
		atomic_store_explicit(&socket->shown, atomic_load_explicit(&socket->received, relaxed) + bytes, relaxed);
	if (c->operation == SF_RECV && c->flags & MSG_PEEK)
		sf_hold_never(socket);
}

/* What the wait was for is behind: the part that follows has wishes of its own. */
static void begin_part(struct sf_call *c)
{
	note_bytes(c, (uint64_t)c->ret);
	c->parted += (size_t)c->ret;
	c->len = c->asked - c->parted;
	c->ret = 0;
	c->wishes = 0;
	c->splits = 0;
	c->released = 0;
	c->delay_ns = c->latency_ns = c->hold_ns = c->rate = 0;
}

/* A rule's offset= begins inside the call, and there it only waits: the call goes on after that, and moves all that it
 * would have moved. Where the wait ends it (a signal, a timeout), it has moved a part. */
static void go_on(struct sf_call *c, struct sf_self *self)
{
	while (c->splits && c->ret == (int64_t)c->len) {
		begin_part(c);
		if (ask_rules(c, self) && sf_effect_before(c)) {
			c->ret = 0;
			break;
		}
		sf_part_move(c);
	}
	c->ret += (int64_t)c->parted;
	c->err = 0;
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

/* The call is over, decided by us or answered by the kernel: counters and the event. */
static void conclude(struct sf_call *c)
{
	/* What is kept silent for a while is counted when it is found. */
	if (found_nothing(c) || c->postponed) {
		if (c->counts)
			take_back(c);
	} else {
		_Atomic uint32_t *ordinal = ordinal_of(c);

		if (ordinal)
			atomic_fetch_add_explicit(ordinal, 1, relaxed);
	}
	if (c->socket && c->ret > 0)
		note_bytes(c, sf_call_moved(c) - c->parted);
	if (c->socket && c->type == SF_DGRAM)
		sf_datagram_conclude(c);
	if (!c->event)
		return;
	if (c->socket && is_transfer(c))
		record_bytes(c);
	if (c->rule && c->ret < 0 && c->err == EINTR)
		record_signals(c);
	if (c->func == SF_FUNC_getsockopt && c->flags == (SOL_SOCKET << 16 | SO_ERROR) && c->ret == 0 && c->buf)
		c->event->asked = (uint64_t) * (const int *)c->buf;
	sf_event_end(c);
}

/* As its like are made: what the rules do to those after it may be known beforehand. */
static bool is_plain(const struct sf_call *c)
{
	return is_transfer(c) && c->socket && sf_socket_mode(c->socket, c->operation) && c->shape == SF_SHAPE_BUFFER &&
	       c->asked > 1 && !c->parted && !(c->flags & (MSG_PEEK | MSG_FASTOPEN));
}

static void grant_respite(const struct sf_call *c)
{
	const struct sf_self *self = sf_self_get();
	const struct sf_ruleset *set = self ? same_rules(c) : NULL;

	if (!set)
		return;
	struct sf_asker asker = asker_of(set, self, c);

	sf_respite_grant(&asker, c);
}

/* A plain transfer that was let through, as it would be had it been entered. */
static struct sf_call let_through(struct sf_socket *socket, enum sf_operation operation, enum sf_func func, int flags)
{
	struct sf_call c = {
	    .func = (uint16_t)func,
	    .operation = (uint8_t)operation,
	    .shape = SF_SHAPE_BUFFER,
	    .flags = flags,
	    .socket = socket,
	    .socket_index = socket->index,
	    .family = socket->family,
	    .type = socket->type,
	    .side = socket->side,
	    .on = sf_on(socket->family, socket->type),
	    .entered = 1,
	};

	c.mode = mode_of(&c, socket);
	return c;
}

ssize_t sf_counted_odd(
    struct sf_respite *respite, struct sf_socket *socket, enum sf_operation operation,
    const struct sf_plain_call *plain)
{
	uint64_t kind = atomic_load_explicit(&respite->kind, relaxed);
	struct sf_call c = let_through(socket, operation, (uint16_t)kind, (int)(kind >> 32));

	c.fd = plain->fd;
	c.asked = c.len = plain->len;
	c.out = plain->buf;
	int64_t ret = sf_leave(&c, plain->ret);

	if (found_nothing(&c))
		sf_respite_undo(respite);
	return ret;
}

/* A number of the socket; -1: it has been closed. */
static int number_of(const struct sf_socket *socket)
{
	int fd = (int)atomic_load_explicit(&socket->fd_hint, relaxed), top = atomic_load_explicit(&sf_fds_top, relaxed);

	if (sf_fd_socket(fd) == socket)
		return fd;
	for (fd = top - 1; fd >= 0 && sf_fd_socket(fd) != socket; fd--)
		;
	return fd;
}

ssize_t sf_quick_odd(struct sf_socket *socket, enum sf_operation operation, enum sf_func func, int flags, ssize_t ret)
{
	struct sf_call c = let_through(socket, operation, func, flags);

	c.fd = number_of(socket);
	c.asked = c.len = ret > 0 ? (size_t)ret : 1;
	ret = sf_leave(&c, ret);
	if (found_nothing(&c))
		sf_allowance_undo(sf_quick_word(socket, sf_quick_of(socket, operation)));
	return ret;
}

ssize_t sf_brief_odd_vector(
    struct sf_event *event, struct sf_socket *socket, enum sf_operation operation, int64_t ret, const struct iovec *iov,
    int count)
{
	int before = errno;

	struct sf_call c = {
	    .func = event->what,
	    .operation = (uint8_t)operation,
	    .shape = SF_SHAPE_BUFFER,
	    .fd = event->fd,
	    .flags = (int)event->flags,
	    .asked = event->asked,
	    .len = event->asked,
	    .out = (const void *)(uintptr_t)event->buffer,
	    .socket = socket,
	    .socket_index = event->socket,
	    .family = socket->family,
	    .type = socket->type,
	    .side = socket->side,
	    .mode = event->mode,
	    .on = sf_on(socket->family, socket->type),
	    .ret = ret,
	    .err = ret < 0 ? before : 0,
	    .event = event,
	};

	if (iov) {
		c.shape = SF_SHAPE_VECTOR;
		c.iov = iov;
		c.count = count;
		c.asked = 0;
	}
	if (iov && c.err != EFAULT) {
		measure(&c);
		event->asked = c.asked;
	}
	conclude(&c);
	errno = before;
	return ret;
}

ssize_t sf_brief_odd(struct sf_event *event, struct sf_socket *socket, enum sf_operation operation, int64_t ret)
{
	return sf_brief_odd_vector(event, socket, operation, ret, NULL, 0);
}

bool sf_gate_ahead(int fd)
{
	struct sf_self *self = sf_self_get();
	const struct sf_socket *socket = sf_fd_socket(fd);

	/* A datagram socket without a number has not begun; what is silent, or was, has been decided. */
	if (!self || !socket || (socket->type == SF_DGRAM && !atomic_load_explicit(&socket->has_key, relaxed)) ||
	    atomic_load_explicit(&socket->hold_in_ns, relaxed) & SF_HOLD_DECIDED || sf_silence(fd))
		return false;
	bool accepts = socket->side == SF_LISTENER;
	struct sf_call c = {
	    .func = accepts ? SF_FUNC_accept : SF_FUNC_recv, .operation = accepts ? SF_ACCEPT : SF_RECV, .fd = fd};

	look(&c, self);
	if (!c.socket || !(atomic_load_explicit(&sf_arena->watch[c.operation], relaxed) & SF_WATCH_RULES) ||
	    !(sf_entry_operations(sf_fd_entry(fd)) & SF_BIT(c.operation)))
		return false;
	struct sf_asker asker = asker_of(rules_settled(), self, &c);
	uint64_t ns = asker.set ? sf_decide_ahead(&asker, &c) : 0;

	if (!ns || !sf_probe_same(fd, c.socket))
		return false;
	sf_hold(fd, c.socket, false, SF_HOLD_DECIDED | (ns == UINT64_MAX ? ns : sf_self_now_ns() + ns));
	return true;
}

bool sf_enter(struct sf_call *c)
{
	struct sf_self *self = sf_self_get();

	if (!self)
		return false;
	look(c, self);
	/* The error queue is no data: its reads are nobody's business. */
	if (!concerns_us(c) || (c->operation == SF_RECV && c->flags & MSG_ERRQUEUE))
		return false;
	uint64_t why = atomic_load_explicit(&sf_arena->watch[c->operation], relaxed);

	if (!why) /* it was only to be seen who is calling */
		return false;
	c->entered = 1;
	c->unread = may_stay_unread(c, why);
	if (!c->unread)
		read_arguments(c);
	if (why & SF_WATCH_TRACE)
		record(c, self);
	int before = errno;
	const struct sf_socket *ours = c->socket;
	bool decided = (why & SF_WATCH_MEND) && c->socket && sf_mend_before(c);

	/* The number is somebody else's by now: no rule meets what we do not know. */
	bool is_stranger = ours && !c->socket;

	if (is_stranger)
		disown(c);
	if (!decided && !is_stranger && (why & SF_WATCH_RULES) && ask_rules(c, self)) {
		decided = sf_effect_before(c);
		if (c->refused)
			refuse(c, self);
	}
	/* By a fault, or because a rule's offset= begins inside this transfer. */
	if (!decided && c->type == SF_STREAM && c->len < c->asked)
		sf_cut(c);
	if (!decided) {
		errno = before;
		return false;
	}
	conclude(c);
	errno = c->ret < 0 && c->operation != SF_RESOLVE ? c->err : before;
	return true;
}

static bool has_after_state(const struct sf_socket *socket)
{
	return atomic_load_explicit(&socket->state, relaxed) != SF_LIVE ||
	       atomic_load_explicit(&socket->stash_out_at, relaxed);
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

/* The result of a call that failed is used as a descriptor. */
static bool is_for_a_socket(const struct sf_call *c)
{
	return is_transfer(c) || c->operation == SF_BIND || c->operation == SF_LISTEN || c->operation == SF_CONNECT ||
	       c->operation == SF_ACCEPT;
}

/* A call on a number that the program has closed: it is told so, or the number has another owner by now. And one on a
 * number that there is not. */
static int64_t leave_closed(struct sf_call *c, uint64_t entry, int64_t ret)
{
	int before = errno;
	uint32_t socket = sf_entry_closed(entry);

	if (!sf_self_get()) /* a vfork child: the table is its parent's */
		return ret;
	if (socket && (ret >= 0 || before != EBADF))
		sf_fd_reuse(c->fd, entry);
	if (ret >= 0 || before != EBADF || (!socket && !is_for_a_socket(c)))
		return ret;
	c->socket_index = socket;
	sf_record_begin(c);
	if (c->event)
		c->event->closed = socket ? SF_CLOSED : SF_NOT_CLOSED;
	errno = before;
	return sf_record_end(c, ret);
}

int64_t sf_leave(struct sf_call *c, int64_t ret)
{
	c->ret = ret;
	if (!c->entered) {
		uint64_t entry = sf_fd_entry(c->fd);

		return entry != 0 && sf_entry_socket(entry) == 0 ? leave_closed(c, entry, ret) : ret;
	}
	int before = errno;

	c->err = ret < 0 ? before : 0;
	if (c->operation == SF_RESOLVE)
		c->err = (int)-ret;
	if (c->unread)
		read_late(c);
	if (c->wishes || c->was_cut || c->rate || c->len < c->asked)
		sf_effect_after(c);
	if (c->socket && has_after_state(c->socket))
		sf_mend_after(c);
	if (c->splits)
		go_on(c, sf_self_get());
	give_back(c);
	conclude(c);
	if (c->counts && !c->event && is_plain(c))
		grant_respite(c);
	errno = c->ret < 0 && c->operation != SF_RESOLVE ? c->err : before;
	return c->ret;
}

void sf_call_creates(struct sf_call *c, int domain, int type)
{
	c->family = sf_family_of(domain);
	c->type = sf_type_of(type);
	c->on = sf_on(c->family, c->type);
}

void sf_call_heard_from(struct sf_call *c, const struct sockaddr *from, uint32_t length)
{
	struct sf_endpoint endpoint;

	if (!c->socket || c->socket->type != SF_DGRAM || !sf_endpoint_from(&endpoint, from, length))
		return;
	c->socket->peer = endpoint;
	if (c->event)
		sf_event_extend(c->event, SF_EXTENSION_ADDRESS, &endpoint, ADDRESS_SHOWN);
}
