/* SPDX-License-Identifier: MIT
 *
 * wrap/sockopt.c -- options and names of sockets, and the calls that change how a descriptor blocks. What they change
 * about blocking and timeouts is followed always: `mode` conditions must hold as the kernel sees them.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "gate.h"
#include "readiness.h"
#include "track.h"

/* Where there is no room for a whole number the kernel alone answers. */
static bool takes_number(const socklen_t *length)
{
	return sf_readable(length) && *length >= sizeof(int) && *length <= INT_MAX;
}

SF_WATCHED int watched_getsockopt(int fd, int level, int name, void *value, socklen_t *length, const void *site)
{
	void *number = takes_number(length) ? value : NULL;
	struct sf_call c = SF_CALL_PLAIN(getsockopt, site, fd, .flags = level << 16 | (name & 0xffff), .buf = number);

	if (sf_enter(&c)) {
		if (c.ret == 0 && number)
			*length = sizeof(int);
		return (int)c.ret;
	}
	return (int)sf_leave(&c, real_getsockopt(fd, level, name, value, length));
}

SF_EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
	if (sf_idle(SF_SOCKOPT, fd))
		return real_getsockopt(fd, level, name, value, length);
	return watched_getsockopt(fd, level, name, value, length, SF_SITE);
}

SF_WATCHED int watched_setsockopt(int fd, int level, int name, const void *value, socklen_t length, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(setsockopt, site, fd, .flags = level << 16 | (name & 0xffff));

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_setsockopt(fd, level, name, value, length));
}

SF_EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	int ret = sf_idle(SF_SOCKOPT, fd) ? real_setsockopt(fd, level, name, value, length)
	                                  : watched_setsockopt(fd, level, name, value, length, SF_SITE);

	if (ret == 0)
		sf_track_option(fd, level, name, value, length);
	return ret;
}

/* What the program is told of its own name we know from then on: a port that the kernel chose, above all. */
SF_EXPORT int getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
	if (!sf_fd_entry(fd))
		return real_getsockname(fd, address, length);
	struct sf_call c =
	    SF_CALL_PLAIN(getsockname, SF_SITE, fd, .buf = address, .address_length = sf_readable(length) ? *length : 0);

	if (!sf_idle(SF_SOCKOPT, fd) && sf_enter(&c))
		return (int)c.ret;
	int ret = (int)sf_leave(&c, real_getsockname(fd, address, length));

	if (ret == 0)
		sf_track_bind(fd, address, *length < c.address_length ? *length : c.address_length);
	return ret;
}

SF_WATCHED int watched_getpeername(int fd, struct sockaddr *address, socklen_t *length, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(getpeername, site, fd);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_getpeername(fd, address, length));
}

SF_EXPORT int getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
	if (sf_idle(SF_SOCKOPT, fd))
		return real_getpeername(fd, address, length);
	return watched_getpeername(fd, address, length, SF_SITE);
}

SF_WATCHED int watched_sockatmark(int fd, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(sockatmark, site, fd);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_sockatmark(fd));
}

SF_EXPORT int sockatmark(int fd)
{
	if (sf_idle(SF_SOCKOPT, fd))
		return real_sockatmark(fd);
	return watched_sockatmark(fd, SF_SITE);
}

/* Every command of fcntl takes at most one word. */
SF_EXPORT int fcntl(int fd, int command, ...)
{
	va_list rest;

	va_start(rest, command);
	long argument = va_arg(rest, long);

	va_end(rest);
	if (!sf_fd_entry(fd) && !sf_epoll_knows(fd))
		return real_fcntl(fd, command, argument);
	struct sf_call c = SF_CALL_PLAIN(fcntl, SF_SITE, fd, .flags = command, .asked = (size_t)argument);

	if (!sf_idle(SF_SOCKOPT, fd) && sf_enter(&c))
		return (int)c.ret;
	int ret = (int)sf_leave(&c, real_fcntl(fd, command, argument));

	if (ret >= 0 && command == F_SETFL)
		sf_track_nonblocking(fd, argument & O_NONBLOCK);
	else if (ret >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
		sf_track_dup(fd, ret);
	return ret;
}

SF_EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list rest;

	va_start(rest, request);
	long argument = va_arg(rest, long);

	va_end(rest);
	if (!sf_fd_entry(fd))
		return real_ioctl(fd, request, argument);
	struct sf_call c = SF_CALL_PLAIN(ioctl, SF_SITE, fd, .flags = (int)request, .buf = (void *)argument);

	if (!sf_idle(SF_SOCKOPT, fd) && sf_enter(&c))
		return (int)c.ret;
	int ret = real_ioctl(fd, request, argument);

	if (ret == 0 && request == FIONBIO && c.event)
		c.event->asked = *(const int *)argument != 0;
	ret = (int)sf_leave(&c, ret);
	if (ret == 0 && request == FIONREAD && *(const int *)argument > 0 && sf_hides_bytes(fd))
		*(int *)argument = 0;
	if (ret == 0 && request == FIONBIO)
		sf_track_nonblocking(fd, *(const int *)argument != 0);
	else if (ret == 0 && request == FIONREAD)
		sf_track_shown(fd, *(const int *)argument);
	return ret;
}

SF_EXPORT int __fcntl(int fd, int command, ...) __attribute__((alias("fcntl")));
SF_EXPORT int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));
