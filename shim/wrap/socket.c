/* SPDX-License-Identifier: MIT
 *
 * wrap/socket.c -- sockets are made, named, connected, accepted, shut down. Always tracked, so that rules can come
 * later.
 */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "evlog.h"
#include "gate.h"
#include "track.h"

SF_WATCHED int watched_socket(int domain, int type, int protocol, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(socket, site, -1, .flags = domain << 16 | (type & 0xffff));

	sf_call_creates(&c, domain, type);
	if (sf_enter(&c))
		return (int)c.ret;
	int fd = real_socket(domain, type, protocol);

	sf_track_socket(fd, domain, type);
	if (c.event && fd >= 0)
		c.event->made = sf_fd_index(fd);
	return (int)sf_leave(&c, fd);
}

SF_EXPORT int socket(int domain, int type, int protocol)
{
	if (!sf_unwatched(SF_SOCKET))
		return watched_socket(domain, type, protocol, SF_SITE);
	int fd = real_socket(domain, type, protocol);

	sf_track_socket(fd, domain, type);
	return fd;
}

SF_EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
	struct sf_call c = SF_CALL_PLAIN(socketpair, SF_SITE, -1, .flags = domain << 16 | (type & 0xffff));

	sf_call_creates(&c, domain, type);
	if (!sf_unwatched(SF_SOCKET) && sf_enter(&c))
		return (int)c.ret;
	int ret = real_socketpair(domain, type, protocol, fds);

	if (ret == 0)
		sf_track_pair(fds, domain, type);
	if (ret == 0 && c.event) {
		struct sf_given ends[] = {{fds[0], sf_fd_index(fds[0])}, {fds[1], sf_fd_index(fds[1])}};

		sf_event_extend(c.event, SF_EXTENSION_GIVEN, ends, sizeof ends);
	}
	return (int)sf_leave(&c, ret);
}

/* The port that the program chose; 0: it left that to the kernel, or there are none. */
static uint16_t port_of(const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_in in; /* sockaddr_in6 has it at the same place */

	if (!sf_readable(address) || length < sizeof in)
		return 0;
	memcpy(&in, address, sizeof in);
	return in.sin_family == AF_INET || in.sin_family == AF_INET6 ? be16toh(in.sin_port) : 0;
}

SF_EXPORT int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	struct sf_call c = SF_CALL_PLAIN(bind, SF_SITE, fd, .address = address, .address_length = length);

	if (!sf_idle(SF_BIND, fd)) {
		c.asked = port_of(address, length);
		if (sf_enter(&c))
			return (int)c.ret;
	}
	int ret = (int)sf_leave(&c, real_bind(fd, address, length));

	if (ret == 0)
		sf_track_bind(fd, address, length);
	return ret;
}

SF_EXPORT int listen(int fd, int backlog)
{
	struct sf_call c = SF_CALL_PLAIN(listen, SF_SITE, fd, .asked = (size_t)backlog);

	if (!sf_idle(SF_LISTEN, fd) && sf_enter(&c))
		return (int)c.ret;
	int ret = (int)sf_leave(&c, real_listen(fd, backlog));

	if (ret == 0)
		sf_track_listen(fd);
	return ret;
}

SF_WATCHED int watched_connect(int fd, const struct sockaddr *address, socklen_t length, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(connect, site, fd, .address = address, .address_length = length);

	sf_track_connect(fd, address, length);
	if (!sf_idle(SF_CONNECT, fd) && sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_connect(fd, address, length));
}

SF_WATCHED int not_connected(int ret, int fd, const struct sockaddr *address, socklen_t length)
{
	if (errno != EFAULT)
		sf_track_connect(fd, address, length);
	return ret;
}

SF_EXPORT int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	if (!sf_unwatched(SF_CONNECT))
		return watched_connect(fd, address, length, SF_SITE);
	int ret = real_connect(fd, address, length);

	/* While nothing is watched the kernel judges the address before we look at it. */
	if (__builtin_expect(ret != 0, 0))
		return not_connected(ret, fd, address, length);
	sf_track_connected(fd, address, length);
	return 0;
}

static inline int real_accept_any(int fd, struct sockaddr *from, socklen_t *length, int flags, bool is_accept4)
{
	return is_accept4 ? real_accept4(fd, from, length, flags) : real_accept(fd, from, length);
}

#define SF_INLINE __attribute__((always_inline)) static inline

SF_WATCHED int accept_asked(
    const struct sf_socket *listener, int fd, struct sockaddr *from, socklen_t *length, int flags, bool is_accept4)
{
	int made = real_accept_any(fd, from, length, flags, is_accept4);

	if (made >= 0)
		sf_track_accept(listener, made, from, from ? *length : 0, flags);
	return made;
}

/* Where the program does not ask who it is, we do: on inet sockets it is the same system call. */
SF_INLINE int ask(const struct sf_socket *listener, int fd, int flags, bool is_accept4)
{
	struct sockaddr_in6 own;
	socklen_t length = sizeof own;
	int made = real_accept_any(fd, (struct sockaddr *)&own, &length, flags, is_accept4);

	if (made >= 0)
		sf_track_accept(listener, made, (struct sockaddr *)&own, length, flags);
	return made;
}

SF_WATCHED int accept_unasked(const struct sf_socket *listener, int fd)
{
	return ask(listener, fd, 0, false);
}

SF_WATCHED int accept4_unasked(const struct sf_socket *listener, int fd, int flags)
{
	return ask(listener, fd, flags, true);
}

SF_INLINE int track_accept(int fd, struct sockaddr *from, socklen_t *length, int flags, bool is_accept4)
{
	const struct sf_socket *listener = sf_fd_socket(fd);

	if (!listener)
		return real_accept_any(fd, from, length, flags, is_accept4);
	/* Others may have no name to give. */
	if (from || (listener->family != SF_INET && listener->family != SF_INET6))
		return accept_asked(listener, fd, from, length, flags, is_accept4);
	return is_accept4 ? accept4_unasked(listener, fd, flags) : accept_unasked(listener, fd);
}

static int leave_accept(struct sf_call *c, int fd)
{
	if (c->event && fd >= 0)
		c->event->made = sf_fd_index(fd);
	return (int)sf_leave(c, fd);
}

SF_WATCHED int watched_accept(int fd, struct sockaddr *from, socklen_t *length, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(accept, site, fd);

	if (sf_enter(&c))
		return (int)c.ret;
	return leave_accept(&c, track_accept(fd, from, length, 0, false));
}

SF_EXPORT int accept(int fd, struct sockaddr *from, socklen_t *length)
{
	if (sf_idle(SF_ACCEPT, fd))
		return track_accept(fd, from, length, 0, false);
	return watched_accept(fd, from, length, SF_SITE);
}

SF_WATCHED int watched_accept4(int fd, struct sockaddr *from, socklen_t *length, int flags, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(accept4, site, fd, .flags = flags);

	if (sf_enter(&c))
		return (int)c.ret;
	return leave_accept(&c, track_accept(fd, from, length, flags, true));
}

SF_EXPORT int accept4(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
	if (sf_idle(SF_ACCEPT, fd))
		return track_accept(fd, from, length, flags, true);
	return watched_accept4(fd, from, length, flags, SF_SITE);
}

SF_WATCHED int watched_shutdown(int fd, int how, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(shutdown, site, fd, .flags = how);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_shutdown(fd, how));
}

SF_EXPORT int shutdown(int fd, int how)
{
	if (sf_idle(SF_SHUTDOWN, fd))
		return real_shutdown(fd, how);
	return watched_shutdown(fd, how, SF_SITE);
}

SF_EXPORT int __connect(int fd, const struct sockaddr *address, socklen_t length) __attribute__((alias("connect")));
