/* SPDX-License-Identifier: MIT
 *
 * wrap/close.c -- descriptors are closed and copied. What we know of a number is dropped before the real close:
 * afterwards another thread may own it (law 9).
 */
#include "gate.h"
#include "readiness.h"
#include "track.h"

SF_EXPORT int close(int fd)
{
	if (!sf_fd_socket(fd)) {
		if (sf_epoll_knows(fd))
			sf_track_close(fd);
		return real_close(fd);
	}
	struct sf_call c = SF_CALL_PLAIN(close, SF_SITE, fd);
	bool decided = !sf_idle(SF_CLOSE, fd) && sf_enter(&c);

	sf_track_close(fd);
	return (int)(decided ? c.ret : sf_leave(&c, real_close(fd)));
}

SF_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
	if (!(flags & ~(int)CLOSE_RANGE_UNSHARE))
		sf_track_close_range(first, last);
	return real_close_range(first, last, flags);
}

SF_EXPORT void closefrom(int first)
{
	sf_track_close_range(first < 0 ? 0 : (unsigned)first, ~0u);
	real_closefrom(first);
}

SF_EXPORT int dup(int fd)
{
	if (!sf_fd_socket(fd) && !sf_epoll_knows(fd))
		return real_dup(fd);
	struct sf_call c = SF_CALL_PLAIN(dup, SF_SITE, fd);

	if (!sf_idle(SF_SOCKET, fd) && sf_enter(&c))
		return (int)c.ret;
	int copy = (int)sf_leave(&c, real_dup(fd));

	sf_track_dup(fd, copy);
	return copy;
}

/* The target number is closed by the call, silently: what it was is dropped first, and put back if the call fails. */
static int copy_to(struct sf_call *c, int to, int flags)
{
	uint32_t was = sf_fd_socket(to);

	if (to != c->fd)
		sf_track_close(to);
	int copy = (int)sf_leave(c, c->func == SF_FUNC_dup2 ? real_dup2(c->fd, to) : real_dup3(c->fd, to, flags));

	if (copy >= 0)
		sf_track_dup(c->fd, to);
	else if (was)
		sf_fd_set(to, was);
	return copy;
}

SF_EXPORT int dup2(int from, int to)
{
	if (!sf_fd_socket(from) && !sf_fd_socket(to) && !sf_epoll_knows(from) && !sf_epoll_knows(to))
		return real_dup2(from, to);
	struct sf_call c = SF_CALL_PLAIN(dup2, SF_SITE, from);

	if (!sf_idle(SF_SOCKET, from) && sf_enter(&c))
		return (int)c.ret;
	return copy_to(&c, to, 0);
}

SF_EXPORT int dup3(int from, int to, int flags)
{
	if (!sf_fd_socket(from) && !sf_fd_socket(to) && !sf_epoll_knows(from) && !sf_epoll_knows(to))
		return real_dup3(from, to, flags);
	struct sf_call c = SF_CALL_PLAIN(dup3, SF_SITE, from);

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
	int copy = (int)sf_leave(&c, real_pidfd_getfd(pidfd, fd, flags));

	if (copy >= 0)
		sf_track_discover(copy);
	return copy;
}

SF_EXPORT int __close(int fd) __attribute__((alias("close")));
SF_EXPORT int __dup2(int from, int to) __attribute__((alias("dup2")));
