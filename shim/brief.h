/* SPDX-License-Identifier: MIT
 *
 * brief.h -- the short way of a transfer that is to be recorded and nothing else: its stream has no after-state, and no
 * rule meets it. Does what sf_enter() and sf_leave() would do, and writes the same record. Whatever is out of the
 * ordinary goes the long way: there is no event here, or sf_brief_odd() takes the call over. Safe where gate.h is.
 */
#ifndef SF_BRIEF_H
#define SF_BRIEF_H

#include "evlog.h"
#include "gate.h"

/* Completes the record of a call that did not do all it was asked for, as sf_leave() does. Gives the result back; errno
 * is kept. */
ssize_t sf_brief_odd(struct sf_event *event, struct sf_socket *socket, enum sf_operation operation, int64_t ret);

/* The socket of an entry; NULL: the call has to go the long way. */
__attribute__((always_inline)) static inline struct sf_socket *
sf_brief_socket(enum sf_operation operation, uint64_t entry, int flags)
{
	uint64_t why = atomic_load_explicit(&sf_arena->watch[operation], memory_order_relaxed);
	struct sf_socket *socket = sf_arena_at(sf_arena, (uint64_t)sf_entry_place(entry) * sizeof *socket);

	/* Recorded it is; and either no rules stand for the operation, or none of them meets the descriptor. */
	if (why != SF_WATCH_TRACE && (why != (SF_WATCH_TRACE | (entry & SF_ENTRY_IDLE(operation)))))
		return NULL;
	if (sf_self_here.life != *sf_life || sf_entry_place(entry) == 0 || flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_FASTOPEN))
		return NULL;
	return (operation == SF_SEND ? socket->send_mode : socket->receive_mode) ? socket : NULL;
}

/* NULL: as above. */
__attribute__((always_inline)) static inline struct sf_event *sf_brief_begin(
    enum sf_func func, enum sf_operation operation, const struct sf_socket *socket, int fd, const void *buf, size_t len,
    int flags, const void *const *frame_end)
{
	struct sf_event *event;
	uint32_t place;

	if (!sf_site_seen(frame_end[-1], &place) || !sf_event_next(&sf_self_here, &event))
		return NULL;
	event->what = (uint16_t)func;
	event->fd = fd;
	event->asked = len;
	event->offset =
	    atomic_load_explicit(operation == SF_SEND ? &socket->sent : &socket->received, memory_order_relaxed);
	event->buffer = (uint64_t)(uintptr_t)buf;
	event->socket = socket->index;
	event->site = place;
	event->flags = (uint32_t)flags;
	event->mode = flags & MSG_DONTWAIT   ? (uint8_t)SF_NONBLOCKING
	              : operation == SF_SEND ? socket->send_mode
	                                     : socket->receive_mode;
	event->conn_ordinal = atomic_load_explicit(&socket->calls[operation], memory_order_relaxed) + 1;
	event->stamp = sf_stamp_counter();
	atomic_store_explicit(&event->state, SF_EVENT_PENDING, memory_order_release);
	return event;
}

__attribute__((always_inline)) static inline ssize_t
sf_brief_end(struct sf_event *event, enum sf_operation operation, struct sf_socket *socket, ssize_t ret)
{
	event->ret = ret;
	if (operation == SF_SEND ? (size_t)ret != event->asked : ret < 0) {
		/* What found nothing is not counted. */
		if (operation == SF_SEND || *sf_self_here.error != EAGAIN || event->mode != SF_NONBLOCKING)
			return sf_brief_odd(event, socket, operation, ret);
		event->error = EAGAIN;
	} else {
		atomic_fetch_add_explicit(
		    operation == SF_SEND ? &socket->sent : &socket->received, (uint64_t)ret, memory_order_relaxed);
		atomic_fetch_add_explicit(&socket->calls[operation], 1, memory_order_relaxed);
	}
	event->ticks = sf_stamp_counter() - event->stamp;
	atomic_store_explicit(&event->state, SF_EVENT_DONE, memory_order_release);
	return ret;
}

/* What a wrapper does with a watched call of a buffer: the two halves around the real call, or all of the long way. */
#define SF_BRIEF(function, operation, flags, real_call, long_call)                                                     \
	do {                                                                                                               \
		struct sf_socket *socket = sf_brief_socket(operation, entry, flags);                                           \
		struct sf_event *event =                                                                                       \
		    socket ? sf_brief_begin(SF_FUNC_##function, operation, socket, fd, buf, len, flags, frame_end) : NULL;     \
                                                                                                                       \
		return event ? sf_brief_end(event, operation, socket, real_call) : long_call;                                  \
	} while (0)

#endif
