/* SPDX-License-Identifier: MIT
 *
 * brief.h -- the short ways of plain transfers of a stream that has no after-state. One is for those that are to be
 * recorded and nothing else, for no rule meets the descriptor; the other for those that rules count and do nothing to.
 * Both do what sf_enter() and sf_leave() would do. Whatever is out of the ordinary goes the long way: from the
 * beginning, or from the end of the call on (sf_brief_odd, sf_counted_odd). Safe where gate.h is.
 */
#ifndef SF_BRIEF_H
#define SF_BRIEF_H

#include <errno.h>
#include <string.h>

#include "core/respite.h"
#include "evlog.h"
#include "gate.h"

/* Completes the record of a call that did not do all it was asked for, as sf_leave() does. Gives the result back; errno
 * is kept. */
ssize_t sf_brief_odd(struct sf_event *event, struct sf_socket *socket, enum sf_operation operation, int64_t ret);
ssize_t sf_brief_odd_vector(
    struct sf_event *event, struct sf_socket *socket, enum sf_operation operation, int64_t ret, const struct iovec *iov,
    int count);

/* Is the call to be recorded, and nothing else? Either no rules stand for its operation, or none of them meets the
 * descriptor. */
static inline bool sf_is_recorded(const struct sf_way *way)
{
	int64_t differs = way->differs;

	if (way->why == SF_WATCH_TRACE)
		return true;
	__asm__("" : "+r"(differs)); /* else gcc asks for the rarer one first */
	return differs == -SF_WATCH_TRACE;
}

/* Do rules meet the descriptor, and is nothing else to be done about the call? Functions with few arguments are then
 * jumped to, and have the wrapper's own frame end (SF_FRAME_END); in a build without such jumps there is no short way.
 */
static inline bool sf_is_counted(enum sf_operation operation, const struct sf_way *way)
{
#ifdef SF_TAIL_CALLS
	return way->differs == INT64_C(1) << (32 + operation);
#else
	(void)operation;
	(void)way;
	return false;
#endif
}

/* The socket of an entry; NULL: the call has to go the long way. */
__attribute__((always_inline)) static inline struct sf_socket *
sf_brief_socket(enum sf_operation operation, uint64_t entry, int flags)
{
	struct sf_socket *socket = sf_arena_at(sf_arena, (uint64_t)sf_entry_place(entry) * sizeof *socket);

	if (sf_self_here.life != *sf_life || sf_entry_place(entry) == 0 || flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_FASTOPEN))
		return NULL;
	return (operation == SF_SEND ? socket->send_mode : socket->receive_mode) ? socket : NULL;
}

/* Several of its first and last fields at once: each store counts. */
static inline void sf_brief_name(struct sf_event *event, enum sf_func func)
{
	uint32_t unused = (uint32_t)func << 16 | SF_EVENT_UNUSED;

	_Static_assert(offsetof(struct sf_event, what) == 2 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "state, what");
	memcpy((void *)event, &unused, sizeof unused);
}

static inline void sf_brief_found_nothing(struct sf_event *event)
{
	uint32_t again = (uint32_t)SF_NONBLOCKING << 16 | EAGAIN;

	_Static_assert(offsetof(struct sf_event, mode) == offsetof(struct sf_event, error) + 2, "error, mode, realism");
	memcpy(&event->error, &again, sizeof again);
}

/* A slot is zero when it is claimed: what is known to be zero needs no store. */
#define SF_BRIEF_SET(field, value)                                                                                     \
	do {                                                                                                               \
		if (!__builtin_constant_p(value) || (value))                                                                   \
			(field) = (value);                                                                                         \
	} while (0)

/* NULL: as above. */
__attribute__((always_inline)) static inline struct sf_event *sf_brief_begin(
    enum sf_func func, enum sf_operation operation, const struct sf_socket *socket, int fd, const void *buf, size_t len,
    int flags, const void *const *frame_end)
{
	struct sf_event *event;
	uint32_t place;

	if (!sf_site_seen(frame_end[-1], &place) || !sf_event_next(&sf_self_here, &event))
		return NULL;
	sf_brief_name(event, func);
	event->fd = fd;
	SF_BRIEF_SET(event->asked, len);
	event->offset =
	    atomic_load_explicit(operation == SF_SEND ? &socket->sent : &socket->received, memory_order_relaxed);
	SF_BRIEF_SET(event->buffer, (uint64_t)(uintptr_t)buf);
	event->socket = socket->index;
	event->site = place;
	SF_BRIEF_SET(event->flags, (uint32_t)flags);
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
		if (operation == SF_SEND || sf_errno() != EAGAIN || event->mode != SF_NONBLOCKING)
			return sf_brief_odd(event, socket, operation, ret);
		sf_brief_found_nothing(event);
	} else {
		atomic_fetch_add_explicit(
		    operation == SF_SEND ? &socket->sent : &socket->received, (uint64_t)ret, memory_order_relaxed);
		atomic_fetch_add_explicit(&socket->calls[operation], 1, memory_order_relaxed);
	}
	event->ticks = sf_stamp_counter() - event->stamp;
	atomic_store_explicit(&event->state, SF_EVENT_DONE, memory_order_release);
	return ret;
}

/* How many bytes a vector asks for, and where the first of them lies. */
__attribute__((always_inline)) static inline void
sf_brief_measure(struct sf_event *event, const struct iovec *iov, int count)
{
	/* A head and a body: what most vectors are. */
	if (__builtin_expect(count == 2 && iov[0].iov_len, 1)) {
		event->asked = iov[0].iov_len + iov[1].iov_len;
		event->buffer = (uint64_t)(uintptr_t)iov[0].iov_base;
		return;
	}
	for (int i = count - 1; i >= 0; i--) {
		event->asked += iov[i].iov_len;
		if (iov[i].iov_len)
			event->buffer = (uint64_t)(uintptr_t)iov[i].iov_base;
	}
}

/* Of a vector: it is read when the kernel has read it. */
__attribute__((always_inline)) static inline ssize_t sf_brief_end_vector(
    struct sf_event *event, enum sf_operation operation, struct sf_socket *socket, ssize_t ret, const struct iovec *iov,
    int count)
{
	if (ret < 0)
		return sf_brief_odd_vector(event, socket, operation, ret, iov, count);
	sf_brief_measure(event, iov, count);
	if (operation == SF_SEND && (size_t)ret != event->asked)
		return sf_brief_odd_vector(event, socket, operation, ret, iov, count);
	return sf_brief_end(event, operation, socket, ret);
}

/* What a wrapper does with such a call: the two halves around the real call, or all of the long way. */
#define SF_BRIEF(function, operation, flags, real_call, long_call)                                                     \
	do {                                                                                                               \
		struct sf_socket *socket = sf_brief_socket(operation, entry, flags);                                           \
		struct sf_event *event =                                                                                       \
		    socket ? sf_brief_begin(SF_FUNC_##function, operation, socket, fd, buf, len, flags, frame_end) : NULL;     \
                                                                                                                       \
		return event ? sf_brief_end(event, operation, socket, real_call) : long_call;                                  \
	} while (0)

#define SF_BRIEF_VECTOR(function, operation, real_call, long_call)                                                     \
	do {                                                                                                               \
		struct sf_socket *socket = sf_brief_socket(operation, entry, 0);                                               \
		struct sf_event *event =                                                                                       \
		    socket ? sf_brief_begin(SF_FUNC_##function, operation, socket, fd, NULL, 0, 0, frame_end) : NULL;          \
                                                                                                                       \
		return event ? sf_brief_end_vector(event, operation, socket, real_call, iov, count) : long_call;               \
	} while (0)

/* ---- no rule does anything to the call (core/respite.h): it is counted and nothing else ---- */

struct sf_plain_call {
	int fd;
	const void *buf;
	size_t len;
	ssize_t ret;
};

/* The end of such a call whose socket has an after-state meanwhile: another thread has met a rule. As sf_leave(). */
ssize_t sf_counted_odd(
    struct sf_respite *respite, struct sf_socket *socket, enum sf_operation operation,
    const struct sf_plain_call *plain);

static inline uint64_t sf_brief_moved(const struct sf_socket *socket, enum sf_operation operation)
{
	return atomic_load_explicit(operation == SF_SEND ? &socket->sent : &socket->received, memory_order_relaxed);
}

/* The end of such a call that failed, or whose socket has an after-state meanwhile. As sf_leave(). */
ssize_t sf_quick_odd(struct sf_socket *socket, enum sf_operation operation, enum sf_func func, int flags, ssize_t ret);

__attribute__((always_inline)) static inline ssize_t
sf_quick_leave(struct sf_socket *socket, enum sf_func func, enum sf_operation operation, ssize_t ret)
{
	const struct sf_quick *quick = sf_quick_of(socket, operation);

	if (__builtin_expect((uint64_t)ret >= quick->limit, 0)) {
		if ((uint16_t)sf_errno() != quick->again)
			return sf_quick_odd(socket, operation, func, (int)quick->flags, ret);
		sf_allowance_undo(sf_quick_word(socket, quick));
		return ret;
	}
	atomic_fetch_add_explicit(
	    operation == SF_SEND ? &socket->sent : &socket->received, (uint64_t)ret, memory_order_relaxed);
	atomic_fetch_add_explicit(&socket->calls[operation], 1, memory_order_relaxed);
	return ret;
}

/* What rules of the run let through; all else is counted otherwise. */
#define SF_QUICK(function, operation, flags, real_call, counted_call)                                                  \
	do {                                                                                                               \
		struct sf_socket *socket = sf_arena_at(sf_arena, (uint64_t)sf_entry_place(entry) * sizeof *socket);            \
                                                                                                                       \
		if (!sf_quick_take(socket, operation, SF_FUNC_##function, flags))                                              \
			return counted_call;                                                                                       \
		return sf_quick_leave(socket, SF_FUNC_##function, operation, real_call);                                       \
	} while (0)

/* NULL: the call has to go the long way. Else it is counted. */
__attribute__((always_inline)) static inline struct sf_respite *
sf_counted_begin(enum sf_func func, enum sf_operation operation, uint64_t entry, size_t len, int flags)
{
	const struct sf_socket *socket = sf_arena_at(sf_arena, (uint64_t)sf_entry_place(entry) * sizeof *socket);

	/* Of two threads on one connection the one that finds no allowance of the run would give that of the connection
	 * back when the other has seen it: an ordinal might be given twice. */
	if (sf_self_here.life != *sf_life || (ssize_t)len < 2 || !sf_self_is_alone())
		return NULL;
	struct sf_respite *respite = sf_respite_of(sf_arena, socket, operation == SF_SEND);
	uint64_t kind = sf_respite_kind(func, sf_socket_mode(socket, operation), flags);

	return sf_respite_take(respite, kind, sf_brief_moved(socket, operation) + len) ? respite : NULL;
}

__attribute__((always_inline)) static inline ssize_t sf_counted_end(
    struct sf_respite *respite, enum sf_operation operation, uint64_t entry, int flags,
    const struct sf_plain_call *plain)
{
	struct sf_socket *socket = sf_arena_at(sf_arena, (uint64_t)sf_entry_place(entry) * sizeof *socket);
	ssize_t ret = plain->ret;

	if (__builtin_expect(atomic_load_explicit(&socket->state, memory_order_relaxed) != SF_LIVE, 0))
		return sf_counted_odd(respite, socket, operation, plain);
	if (ret >= 0) {
		atomic_fetch_add_explicit(
		    operation == SF_SEND ? &socket->sent : &socket->received, (uint64_t)ret, memory_order_relaxed);
	} else if (sf_errno() == EAGAIN && (sf_socket_mode(socket, operation) == SF_NONBLOCKING || flags & MSG_DONTWAIT)) {
		sf_respite_undo(respite);
		return ret;
	}
	atomic_fetch_add_explicit(&socket->calls[operation], 1, memory_order_relaxed);
	return ret;
}

#define SF_COUNTED(function, operation, flags, real_call, long_call)                                                   \
	do {                                                                                                               \
		struct sf_respite *respite = sf_counted_begin(SF_FUNC_##function, operation, entry, len, flags);               \
                                                                                                                       \
		if (!respite)                                                                                                  \
			return long_call;                                                                                          \
		return sf_counted_end(respite, operation, entry, flags, &(struct sf_plain_call){fd, buf, len, real_call});     \
	} while (0)

#endif
