/* SPDX-License-Identifier: MIT
 *
 * brief.h -- the short way of a transfer that is to be recorded and nothing else: its stream has no after-state, and no
 * rule meets it. Does what sf_enter() and sf_leave() would do, and writes the same record. Whatever is out of the
 * ordinary goes the long way: sf_brief_enter() gives no event, or sf_brief_odd() takes the call over. Safe where gate.h
 * is.
 */
#ifndef SF_BRIEF_H
#define SF_BRIEF_H

#include "evlog.h"
#include "gate.h"

struct sf_brief {
	struct sf_event *event; /* NULL: describe the call, and sf_enter() */
	struct sf_socket *socket;
};

/* Completes the record of a call that has failed, or sent less than it was given, as sf_leave() does. errno is kept. */
void sf_brief_odd(struct sf_brief b, enum sf_operation operation, int64_t ret);

static inline uint8_t sf_brief_mode(const struct sf_socket *socket, enum sf_operation operation, int flags)
{
	if (socket->nonblocking || flags & MSG_DONTWAIT)
		return SF_NONBLOCKING;
	return (operation == SF_SEND ? socket->send_timeout : socket->receive_timeout) ? SF_TIMEOUT : SF_BLOCKING;
}

/* Recorded it is; and either no rules stand for the operation, or none of them meets the descriptor. */
static inline bool sf_brief_is_enough(uint64_t why, enum sf_operation operation, uint64_t entry)
{
	return why == SF_WATCH_TRACE || why == (SF_WATCH_TRACE | (entry & SF_ENTRY_IDLE(operation)));
}

__attribute__((always_inline)) static inline struct sf_brief sf_brief_enter(
    enum sf_func func, enum sf_operation operation, int fd, const void *buf, size_t len, int flags, const void *site)
{
	const struct sf_brief none = {NULL, NULL};
	struct sf_self *self = &sf_self_here;
	uint64_t entry = sf_fd_entry(fd);
	struct sf_socket *socket = sf_socket_at(sf_arena, sf_entry_socket(entry));

	if (!sf_brief_is_enough(
	        atomic_load_explicit(&sf_arena->watch[operation], memory_order_relaxed), operation, entry) ||
	    self->life != *sf_life || !socket || socket->type != SF_STREAM || flags & (MSG_PEEK | MSG_ERRQUEUE))
		return none;
	uint32_t place = sf_site_seen(site);
	struct sf_event *event = place ? sf_event_next(self) : NULL;

	if (!event)
		return none;
	event->what = (uint16_t)func;
	event->fd = fd;
	event->asked = len;
	event->offset =
	    atomic_load_explicit(operation == SF_SEND ? &socket->sent : &socket->received, memory_order_relaxed);
	event->buffer = (uint64_t)(uintptr_t)buf;
	event->socket = sf_entry_socket(entry);
	event->site = place;
	event->flags = (uint32_t)flags;
	event->mode = sf_brief_mode(socket, operation, flags);
	event->conn_ordinal = atomic_load_explicit(&socket->calls[operation], memory_order_relaxed) + 1;
	event->stamp = sf_stamp_counter();
	atomic_store_explicit(&event->state, SF_EVENT_PENDING, memory_order_release);
	return (struct sf_brief){event, socket};
}

static inline ssize_t sf_brief_leave(struct sf_brief b, enum sf_operation operation, ssize_t ret)
{
	if (__builtin_expect(ret < 0 || (operation == SF_SEND && (size_t)ret != b.event->asked), 0)) {
		sf_brief_odd(b, operation, ret);
		return ret;
	}
	b.event->ticks = sf_stamp_counter() - b.event->stamp;
	b.event->ret = ret;
	atomic_store_explicit(&b.event->state, SF_EVENT_DONE, memory_order_release);
	atomic_fetch_add_explicit(&b.socket->calls[operation], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    operation == SF_SEND ? &b.socket->sent : &b.socket->received, (uint64_t)ret, memory_order_relaxed);
	return ret;
}

#endif
