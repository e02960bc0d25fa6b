/* SPDX-License-Identifier: MIT
 *
 * gate.h -- the doorway. Every wrapper is: describe the call, sf_enter(), the real call, sf_leave(). All effects on the
 * target happen here and in effect.c; whether is decided in core/decide.c, what in fault/<kind>.c.
 *
 * With nothing that concerns the call, sf_idle() is true: one load, one branch, no call of ours, no lock, no system
 * call, no allocation (laws 0 and 2; tests/snippets, `make bench`). Safe in threads, in signal handlers and between
 * fork and exec.
 */
#ifndef SF_GATE_H
#define SF_GATE_H

#include "core/arena.h"
#include "core/call.h"
#include "fdtab.h"
#include "real.h"
#include "self.h"

#define SF_EXPORT __attribute__((visibility("default")))

/* SF_OPERATION_OF_recv ...: the operation of a row of calls.def. */
enum {
#define SF_CALL(name, operation, presence) SF_OPERATION_OF_##name = SF_##operation,
#define SF_NAMED SF_CALL
#define SF_ALIAS(name, of)
#include "core/calls.def"
#undef SF_CALL
#undef SF_NAMED
#undef SF_ALIAS
};

static inline uint64_t sf_watch_of(enum sf_operation operation)
{
	return atomic_load_explicit(&sf_watch[operation], memory_order_relaxed);
}

/* Nothing is watched for this operation: calls without a descriptor pass. */
static inline bool sf_unwatched(enum sf_operation operation)
{
	return __builtin_expect(!SF_NOW(uint64_t, sf_watch[operation]), 1);
}

/* What is to be known of a call before it: why its operation is watched, its descriptor's entry, and how what the two
 * have in common differs: 0: no rule meets the descriptor, and nothing else is to be done. */
struct sf_way {
	uint64_t why, entry;
	int64_t differs;
};

/* May this call pass at once? Yes where nothing is watched, where fd is no socket, and where no rule meets this socket.
 * If not, the entry is of a socket, or of one that was closed. */
static inline bool sf_idle_way(enum sf_operation operation, int fd, struct sf_way *way)
{
	way->why = sf_watch_of(operation);
	if (__builtin_expect(way->why == 0, 1))
		return true;
	if (__builtin_expect((unsigned)fd >= SF_FDS, 0)) {
		way->entry = SF_ENTRY_NEVER;
		way->differs = INT64_MIN;
		return fd >= 0;
	}
	way->entry = atomic_load_explicit(&sf_fd_table.entries[fd], memory_order_relaxed);

	uint64_t common = way->entry & SF_ENTRY_IDLE(operation);

	if (__builtin_expect(common == 0, 1))
		return true;
	way->differs = (int64_t)(common - way->why);
	return way->differs == 0;
}

static inline bool sf_idle(enum sf_operation operation, int fd)
{
	struct sf_way way;

	return sf_idle_way(operation, fd, &way);
}

/* Where wrap/jump.S calls a wrapper on behalf of syscall(2): it leaves the program's own place at the end of the
 * wrapper's frame. */
extern const char sf_raw_return[] __attribute__((visibility("hidden")));

static inline const void *sf_caller(const void *returns_to, const void *const *frame_end)
{
	return __builtin_expect(returns_to == sf_raw_return, 0) ? *frame_end : returns_to;
}

/* The end of an exported function's own frame: below it is where the program goes on. */
#define SF_FRAME_END ((const void *const *)__builtin_dwarf_cfa())

static inline const void *sf_site_below(const void *const *frame_end)
{
	return sf_caller(__builtin_extract_return_addr((void *)(uintptr_t)frame_end[-1]), frame_end);
}

/* Where the program made the call. Only in an exported function itself. */
#define SF_SITE                                                                                                        \
	sf_caller(__builtin_extract_return_addr(__builtin_return_address(0)), (const void *const *)__builtin_dwarf_cfa())

/* What the exported function does when it may not pass at once: apart, so that passing needs no stack frame. */
#define SF_WATCHED static __attribute__((noinline))

/* Descriptions of a call. */
#define SF_CALL_PLAIN(function, where, descriptor, ...)                                                                \
	{                                                                                                                  \
		.func = SF_FUNC_##function, .operation = SF_OPERATION_OF_##function, .fd = (descriptor), .site = (where),      \
		__VA_ARGS__                                                                                                    \
	}
#define SF_CALL_BUFFER(function, where, descriptor, buffer, length, message_flags)                                     \
	SF_CALL_PLAIN(                                                                                                     \
	    function, where, descriptor, .shape = SF_SHAPE_BUFFER, .out = (buffer), .asked = (length), .len = (length),    \
	    .flags = (message_flags))
#define SF_CALL_VECTOR(function, where, descriptor, vector, pieces_, room)                                             \
	SF_CALL_PLAIN(                                                                                                     \
	    function, where, descriptor, .shape = SF_SHAPE_VECTOR, .iov = (vector), .count = (int)(pieces_),               \
	    .cut = (room))
#define SF_CALL_MESSAGE(function, where, descriptor, message_, message_flags, room)                                    \
	SF_CALL_PLAIN(                                                                                                     \
	    function, where, descriptor, .shape = SF_SHAPE_MESSAGE, .msg = (message_), .flags = (message_flags),           \
	    .cut = (room))
#define SF_CALL_MESSAGES(function, where, descriptor, messages, number, message_flags, room)                           \
	SF_CALL_PLAIN(                                                                                                     \
	    function, where, descriptor, .shape = SF_SHAPE_MESSAGES, .mmsg = (messages), .count = (int)(number),           \
	    .flags = (message_flags), .cut = (room))

/* True: the call is decided; its result is c->ret, errno is set, the real call must not be made. False: make it, with
 * c->len (iov, msg, mmsg, count) in place of what the program gave, and hand the result to sf_leave(). */
bool sf_enter(struct sf_call *c);

/* After the real call: what it moved, what a fault makes of it, the event. The result for the program; errno is the
 * real call's on failure, untouched on success. */
int64_t sf_leave(struct sf_call *c, int64_t ret);

/* What both end with: the call is over, decided by us or answered by the kernel. Counters and the event. */
void sf_conclude(struct sf_call *c);

/* Where bytes went: of datagrams the sender's address is known only now. Between the real call and sf_leave(). */
void sf_call_heard_from(struct sf_call *c, const struct sockaddr *from, uint32_t length);

/* A datagram's destination, where the call names one. Before sf_enter(). */
static inline void sf_call_goes_to(struct sf_call *c, const void *to, uint32_t length)
{
	if (to) {
		c->address = to;
		c->address_length = length;
	}
}

/* A call that makes a socket: family and type come from its arguments. Before sf_enter(). */
void sf_call_creates(struct sf_call *c, int domain, int type);

/* A wait is about to say that fd is ready to receive or accept. True: it is not, for a rule keeps silent what has come,
 * from now on (sf_decide_ahead). */
bool sf_gate_ahead(int fd);

#endif
