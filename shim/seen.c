/* SPDX-License-Identifier: MIT
 *
 * seen.c -- see seen.h. The error of a Unix socket that was reset is put aside by us: for as long as it is, poll says
 * ERR. (The kernel's own error of a TCP connection it shows itself.)
 */
#include "seen.h"

#include "gate.h"
#include "registered.h"

#define relaxed memory_order_relaxed

/* EPOLL bits are the POLL bits. */
_Static_assert(EPOLLERR == POLLERR && EPOLLHUP == POLLHUP, "as poll");

static bool has_error_aside(int fd)
{
	const struct sf_socket *socket = sf_fd_socket(fd);

	return socket && socket->family == SF_UNIX && atomic_load_explicit(&socket->state, relaxed) == SF_DEAD &&
	       atomic_load_explicit(&socket->error_to, relaxed);
}

bool sf_seen_matters(int fd)
{
	const struct sf_socket *socket = sf_fd_socket(fd);

	return socket &&
	       (atomic_load_explicit(&socket->outstanding_at, relaxed) ||
	        atomic_load_explicit(&socket->hold_in_ns, relaxed) || atomic_load_explicit(&socket->hold_out_ns, relaxed));
}

void sf_seen_poll(struct pollfd *fds, nfds_t count, int ready)
{
	for (nfds_t i = 0; ready > 0 && i < count; i++)
		if (fds[i].fd >= 0 && fds[i].revents & POLLHUP && has_error_aside(fds[i].fd))
			fds[i].revents |= POLLERR;
}

/* Events name no descriptor: those are asked that are registered with the same data. */
static void complete(int epfd, struct epoll_event *event)
{
	int top = atomic_load_explicit(&sf_fds_top, relaxed);

	for (int fd = 0; fd < top; fd++)
		if (has_error_aside(fd) && sf_epoll_has(epfd, fd, event->data.u64))
			event->events |= EPOLLERR;
}

void sf_seen_epoll(int epfd, struct epoll_event *events, int ready)
{
	for (int i = 0; i < ready; i++)
		if ((events[i].events & (EPOLLHUP | EPOLLERR)) == EPOLLHUP)
			complete(epfd, &events[i]);
}
