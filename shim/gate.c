/* SPDX-License-Identifier: MIT
 *
 * gate.c -- the doorway behind gate.h: looks the descriptor up (look.c), records the call (record.c), asks the rules
 * whether one fires and what it means (ask.c), lets effect.c do it. Everything that a call costs beyond sf_idle() is
 * done in the order of this file, unless brief.h has a shorter way.
 */
#include "gate.h"

#include <errno.h>

#include "ask.h"
#include "core/fact.h"
#include "core/match.h"
#include "core/respite.h"
#include "cut.h"
#include "datagram.h"
#include "effect.h"
#include "hold.h"
#include "look.h"
#include "part.h"
#include "probe.h"
#include "record.h"

#define relaxed memory_order_relaxed

/* A call on something that is no socket is nobody's business, unless it has no descriptor by nature. */
static bool concerns_us(const struct sf_call *c)
{
	bool copies = c->func >= SF_FUNC_dup && c->func <= SF_FUNC_dup3;
	bool makes = c->operation == SF_SOCKET && !copies;

	return c->socket || (c->fd < 0 && (makes || c->operation == SF_RESOLVE)) || c->operation == SF_POLL;
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
		if (sf_ask(c, self) && sf_effect_before(c)) {
			c->ret = 0;
			break;
		}
		sf_part_move(c);
	}
	c->ret += (int64_t)c->parted;
	c->err = 0;
}

void sf_conclude(struct sf_call *c)
{
	/* What is kept silent for a while is counted when it is found. */
	if (sf_call_found_nothing(c) || c->postponed) {
		if (c->counts)
			sf_ask_undo(c);
	} else {
		_Atomic uint32_t *ordinal = sf_record_ordinal(c);

		if (ordinal)
			atomic_fetch_add_explicit(ordinal, 1, relaxed);
	}
	if (c->socket && c->ret > 0)
		note_bytes(c, sf_call_moved(c) - c->parted);
	if (c->socket && c->type == SF_DGRAM)
		sf_datagram_conclude(c);
	if (c->event)
		sf_record_result(c);
}

bool sf_enter(struct sf_call *c)
{
	struct sf_self *self = sf_self_get();

	if (!self)
		return false;
	sf_look(c, self);
	/* The error queue is no data: its reads are nobody's business. */
	if (!concerns_us(c) || (c->operation == SF_RECV && c->flags & MSG_ERRQUEUE))
		return false;
	uint64_t why = atomic_load_explicit(&sf_arena->watch[c->operation], relaxed);

	if (!why) /* it was only to be seen who is calling */
		return false;
	c->entered = 1;
	c->unread = sf_look_may_wait(c, why);
	if (!c->unread)
		sf_look_arguments(c);
	if (why & SF_WATCH_TRACE)
		sf_record_call(c, self);
	int before = errno;
	const struct sf_socket *ours = c->socket;
	bool decided = (why & SF_WATCH_MEND) && c->socket && sf_mend_before(c);

	/* The number is somebody else's by now: no rule meets what we do not know. */
	bool is_stranger = ours && !c->socket;

	if (is_stranger)
		sf_look_disown(c);
	if (!decided && !is_stranger && (why & SF_WATCH_RULES) && sf_ask(c, self)) {
		decided = sf_effect_before(c);
		if (c->refused)
			sf_ask_refuse(c, self);
	}
	/* By a fault, or because a rule's offset= begins inside this transfer. */
	if (!decided && c->type == SF_STREAM && c->len < c->asked)
		sf_cut(c);
	if (!decided) {
		errno = before;
		return false;
	}
	sf_conclude(c);
	errno = c->ret < 0 && c->operation != SF_RESOLVE ? c->err : before;
	return true;
}

static bool has_after_state(const struct sf_socket *socket)
{
	return atomic_load_explicit(&socket->state, relaxed) != SF_LIVE ||
	       atomic_load_explicit(&socket->stash_out_at, relaxed);
}

/* The result of a call that failed is used as a descriptor. */
static bool is_for_a_socket(const struct sf_call *c)
{
	return sf_call_is_transfer(c) || c->operation == SF_BIND || c->operation == SF_LISTEN ||
	       c->operation == SF_CONNECT || c->operation == SF_ACCEPT;
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

/* As its like are made: what the rules do to those after it may be known beforehand. */
static bool is_plain(const struct sf_call *c)
{
	return sf_call_is_transfer(c) && c->socket && sf_socket_mode(c->socket, c->operation) &&
	       c->shape == SF_SHAPE_BUFFER && c->asked > 1 && !c->parted && !(c->flags & (MSG_PEEK | MSG_FASTOPEN));
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
		sf_look_late(c);
	if (c->wishes || c->was_cut || c->rate || c->len < c->asked)
		sf_effect_after(c);
	if (c->socket && has_after_state(c->socket))
		sf_mend_after(c);
	if (c->splits)
		go_on(c, sf_self_get());
	sf_ask_give_back(c);
	sf_conclude(c);
	if (c->counts && !c->event && is_plain(c))
		sf_ask_for_respite(c);
	errno = c->ret < 0 && c->operation != SF_RESOLVE ? c->err : before;
	return c->ret;
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

	sf_look(&c, self);
	if (!c.socket || !(atomic_load_explicit(&sf_arena->watch[c.operation], relaxed) & SF_WATCH_RULES) ||
	    !(sf_entry_operations(sf_fd_entry(fd)) & SF_BIT(c.operation)))
		return false;
	uint64_t ns = sf_ask_ahead(&c, self);

	if (!ns || !sf_probe_same(fd, c.socket))
		return false;
	sf_hold(fd, c.socket, false, SF_HOLD_DECIDED | (ns == UINT64_MAX ? ns : sf_self_now_ns() + ns));
	return true;
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
	sf_record_address(c, &endpoint);
}
