/* SPDX-License-Identifier: MIT
 *
 * look.c -- what a call is about: its socket, how it blocks, what it asks for. The program's memory is read before the
 * call only where a rule may need it (EFAULT is the kernel's to say).
 */
#include "look.h"

#include <limits.h>

#include "ask.h"
#include "core/fact.h"
#include "core/match.h"
#include "fdtab.h"
#include "real.h"
#include "record.h"

#define relaxed memory_order_relaxed

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

uint8_t sf_look_mode(const struct sf_call *c, const struct sf_socket *socket)
{
	if (socket->nonblocking || (sf_call_is_transfer(c) && (c->flags & MSG_DONTWAIT)))
		return SF_NONBLOCKING;
	if (c->operation == SF_SEND || c->operation == SF_CONNECT)
		return socket->send_timeout ? SF_TIMEOUT : SF_BLOCKING;
	return (c->operation == SF_RECV || c->operation == SF_ACCEPT) && socket->receive_timeout ? SF_TIMEOUT : SF_BLOCKING;
}

void sf_look(struct sf_call *c, const struct sf_self *self)
{
	uint64_t entry = sf_fd_entry(c->fd);
	struct sf_socket *socket = sf_entry_socket(entry);

	if (!socket)
		return;
	if (socket->type == SF_DGRAM && sf_call_is_transfer(c) && !atomic_load_explicit(&socket->has_key, relaxed)) {
		name_datagram(c, socket, self);
		entry = sf_fd_entry(c->fd);
	}
	sf_ask_settle(c->fd, entry, socket);
	c->socket = socket;
	c->socket_index = socket->index;
	c->family = socket->family;
	c->type = socket->type;
	c->side = socket->side;
	c->mode = sf_look_mode(c, socket);
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

void sf_look_measure(struct sf_call *c)
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

bool sf_look_may_wait(const struct sf_call *c, uint64_t why)
{
	return sf_call_is_transfer(c) && !(why & SF_WATCH_MEND) &&
	       !(sf_entry_operations(sf_fd_entry(c->fd)) & SF_BIT(c->operation));
}

void sf_look_arguments(struct sf_call *c)
{
	find_destination(c);
	sf_look_measure(c);
	if (c->type == SF_DGRAM)
		note_destination(c, c->socket);
}

void sf_look_late(struct sf_call *c)
{
	if (c->ret < 0 && c->err == EFAULT)
		return;
	sf_look_arguments(c);
	if (!c->event)
		return;
	c->event->asked = c->asked;
	sf_record_destination(c);
}

void sf_look_disown(struct sf_call *c)
{
	c->socket = NULL;
	c->socket_index = 0;
	c->counts = 0;
	if (c->event) {
		c->event->socket = 0;
		c->event->conn_ordinal = 0;
	}
}
