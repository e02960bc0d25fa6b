/* SPDX-License-Identifier: MIT
 *
 * wrap/close.c -- descriptors are closed and copied. What we know of a number is dropped before the real close:
 * afterwards another thread may own it (law 9).
 */
#include <errno.h>

#include "gate.h"
#include "readiness.h"
#include "record.h"
#include "track.h"

/* Numbers that a thread closes one after another, whatever they are: daemons do, and no mistake is in it. */
struct row {
	uint32_t thread; /* index: a forked child begins anew */
	int last, step, length;
	struct sf_event *closed[3]; /* of numbers that were closed before, while the row was still short */
};

enum { ROW = 4 }; /* so many are one */

static __thread struct row row __attribute__((tls_model("initial-exec")));

static void count_row(int fd, struct sf_event *event)
{
	int step = fd - row.last;

	if (row.thread != sf_self_here.thread || (step != 1 && step != -1) || (row.length > 1 && step != row.step))
		row = (struct row){.thread = sf_self_here.thread};
	row.last = fd;
	row.step = step;
	if (row.length < ROW - 1) {
		row.closed[row.length++] = event;
		return;
	}
	for (int i = 0; i < ROW - 1; i++)
		if (row.closed[i])
			row.closed[i]->closed = SF_CLOSED_IN_A_ROW;
	row.closed[0] = row.closed[1] = row.closed[2] = NULL;
	if (event)
		event->closed = SF_CLOSED_IN_A_ROW;
}

/* Only for the record: a number that was a socket, or may be part of a row. */
static int close_other(int fd, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(close, site, fd);
	int ret = (int)sf_leave(&c, real_close(fd));

	if (sf_arena->trace_level == SF_TRACE_ALL && sf_self_get())
		count_row(fd, c.event);
	return ret;
}

SF_WATCHED int watched_close(int fd, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(close, site, fd);

	if (!sf_fd_is_socket(fd)) {
		sf_track_close(fd);
		return close_other(fd, site);
	}
	bool decided = !sf_idle(SF_CLOSE, fd) && sf_enter(&c);

	sf_track_close(fd);
	int ret = (int)(decided ? c.ret : sf_leave(&c, real_close(fd)));

	if (c.event)
		count_row(fd, NULL);
	return ret;
}

/* Something more than the entry of the table is to be dropped. */
static __attribute__((noinline)) int tracked_close(int fd)
{
	sf_track_close(fd);
	return real_close(fd);
}

SF_EXPORT int close(int fd)
{
	if (!sf_unwatched(SF_CLOSE))
		return watched_close(fd, SF_SITE);
	/* Where close is not watched nothing is held back, and no datagram is kept: all there is may be the entry, which is
	 * zero already where it is no socket's. */
	if (sf_fd_is_beyond(fd))
		return real_close(fd);
	if (sf_fd_table.registered[fd])
		return tracked_close(fd);
	atomic_store_explicit(&sf_fd_table.entries[fd], 0, memory_order_relaxed);
	return real_close(fd);
}

/* Recorded where it closes a socket. */
static void begin_range(struct sf_call *c, unsigned first, unsigned last)
{
	if (!sf_fd_any(first, last) || sf_self_is_guest())
		return;
	c->asked = first;
	sf_record_begin(c);
	if (c->event)
		c->event->offset = last;
}

SF_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
	struct sf_call c = SF_CALL_PLAIN(close_range, SF_SITE, -1, .flags = flags);

	if (!(flags & ~(int)CLOSE_RANGE_UNSHARE)) {
		begin_range(&c, first, last);
		sf_track_close_range(first, last);
	}
	return (int)sf_record_end(&c, real_close_range(first, last, flags));
}

SF_EXPORT void closefrom(int first)
{
	unsigned from = first < 0 ? 0 : (unsigned)first;
	struct sf_call c = SF_CALL_PLAIN(closefrom, SF_SITE, -1);

	begin_range(&c, from, ~0u);
	sf_track_close_range(from, ~0u);
	real_closefrom(first);
	sf_record_end(&c, 0);
}

SF_WATCHED int watched_dup(int fd, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(dup, site, fd);

	if (sf_enter(&c))
		return (int)c.ret;
	int copy = (int)sf_leave(&c, real_dup(fd));

	sf_track_dup(fd, copy);
	return copy;
}

SF_EXPORT int dup(int fd)
{
	if (!sf_idle(SF_SOCKET, fd) && fd >= 0)
		return watched_dup(fd, SF_SITE);
	int copy = real_dup(fd);

	sf_track_dup(fd, copy);
	return copy;
}

/* The target number is closed by the call, silently: what it was is dropped first, and put back if the call fails. */
static int copy_to(struct sf_call *c, int to, int flags)
{
	struct sf_socket *was = sf_fd_socket(to);

	bool ends_a_socket = was && !c->entered && !sf_self_is_guest();

	if (ends_a_socket) /* with something that is none: of that alone there would be no event */
		sf_record_begin(c);
	if (to != c->fd)
		sf_track_close(to);
	int copy = c->func == SF_FUNC_dup2 ? real_dup2(c->fd, to) : real_dup3(c->fd, to, flags);

	copy = (int)(ends_a_socket ? sf_record_end(c, copy) : sf_leave(c, copy));

	if (copy >= 0)
		sf_track_dup(c->fd, to);
	else if (was)
		sf_fd_set(to, was);
	return copy;
}

SF_EXPORT int dup2(int from, int to)
{
	if (!sf_fd_entry(from) && !sf_fd_entry(to) && !sf_epoll_knows(from) && !sf_epoll_knows(to))
		return real_dup2(from, to);
	struct sf_call c = SF_CALL_PLAIN(dup2, SF_SITE, from, .asked = (size_t)to);

	if (!sf_idle(SF_SOCKET, from) && sf_enter(&c))
		return (int)c.ret;
	return copy_to(&c, to, 0);
}

SF_EXPORT int dup3(int from, int to, int flags)
{
	if (!sf_fd_entry(from) && !sf_fd_entry(to) && !sf_epoll_knows(from) && !sf_epoll_knows(to))
		return real_dup3(from, to, flags);
	struct sf_call c = SF_CALL_PLAIN(dup3, SF_SITE, from, .asked = (size_t)to, .flags = flags);

	if (!sf_idle(SF_SOCKET, from) && sf_enter(&c))
		return (int)c.ret;
	return copy_to(&c, to, flags);
}

/* Takes a copy of another process's descriptor: who made the socket may be under the library too. */
SF_EXPORT int pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	struct sf_call c = SF_CALL_PLAIN(pidfd_getfd, SF_SITE, -1, .asked = (size_t)fd, .flags = (int)flags);

	if (!sf_unwatched(SF_SOCKET) && sf_enter(&c))
		return (int)c.ret;
	int copy = real_pidfd_getfd(pidfd, fd, flags), before = errno;

	if (copy >= 0)
		sf_track_discover(copy);
	if (c.event && copy >= 0)
		c.event->made = sf_fd_index(copy);
	errno = before;
	return (int)sf_leave(&c, copy);
}

SF_EXPORT int __close(int fd) __attribute__((alias("close")));
SF_EXPORT int __dup2(int from, int to) __attribute__((alias("dup2")));
