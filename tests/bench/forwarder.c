/* SPDX-License-Identifier: MIT
 *
 * forwarder.c -- the least that a preloaded library can do: a bound pointer, one branch, a tail call. It is the floor
 * against which sockfault is measured; it watches nothing and never fails a call.
 */
#include <dlfcn.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

extern int forwarder_watches;
__attribute__((visibility("hidden"))) int forwarder_watches;

#define FORWARD(result, name, parameters, arguments)                                                                   \
	static __typeof__(name) *real_##name;                                                                              \
	__attribute__((constructor)) static void bind_##name(void)                                                         \
	{                                                                                                                  \
		*(void **)&real_##name = dlsym(RTLD_NEXT, #name);                                                              \
	}                                                                                                                  \
	EXPORT result name parameters                                                                                      \
	{                                                                                                                  \
		if (__builtin_expect(forwarder_watches, 0))                                                                    \
			return -1;                                                                                                 \
		return real_##name arguments;                                                                                  \
	}

FORWARD(ssize_t, send, (int fd, const void *data, size_t length, int flags), (fd, data, length, flags))
FORWARD(ssize_t, recv, (int fd, void *data, size_t length, int flags), (fd, data, length, flags))
FORWARD(ssize_t, read, (int fd, void *data, size_t length), (fd, data, length))
FORWARD(ssize_t, write, (int fd, const void *data, size_t length), (fd, data, length))
FORWARD(ssize_t, writev, (int fd, const struct iovec *pieces, int count), (fd, pieces, count))
FORWARD(
    int, accept4, (int fd, struct sockaddr *restrict from, socklen_t *restrict length, int flags),
    (fd, from, length, flags))
FORWARD(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
FORWARD(int, epoll_wait, (int fd, struct epoll_event *events, int room, int timeout), (fd, events, room, timeout))
FORWARD(int, epoll_ctl, (int fd, int what, int of, struct epoll_event *event), (fd, what, of, event))
FORWARD(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
FORWARD(int, connect, (int fd, const struct sockaddr *to, socklen_t length), (fd, to, length))
FORWARD(int, accept, (int fd, struct sockaddr *restrict from, socklen_t *restrict length), (fd, from, length))
FORWARD(int, dup, (int fd), (fd))
FORWARD(int, close, (int fd), (fd))
