/* SPDX-License-Identifier: MIT
 *
 * brief.c -- where a short way of brief.h meets what it is not for: the call becomes one that was entered, and goes on
 * as such.
 */
#include "brief.h"

#include <errno.h>

#include "core/fact.h"
#include "core/respite.h"
#include "look.h"

#define relaxed memory_order_relaxed

/* A plain transfer that was let through, as it would be had it been entered. */
static struct sf_call let_through(struct sf_socket *socket, enum sf_operation operation, enum sf_func func, int flags)
{
	struct sf_call c = {
	    .func = (uint16_t)func,
	    .operation = (uint8_t)operation,
	    .shape = SF_SHAPE_BUFFER,
	    .flags = flags,
	    .socket = socket,
	    .socket_index = socket->index,
	    .family = socket->family,
	    .type = socket->type,
	    .side = socket->side,
	    .on = sf_on(socket->family, socket->type),
	    .entered = 1,
	};

	c.mode = sf_look_mode(&c, socket);
	return c;
}

ssize_t sf_counted_odd(
    struct sf_respite *respite, struct sf_socket *socket, enum sf_operation operation,
    const struct sf_plain_call *plain)
{
	uint64_t kind = atomic_load_explicit(&respite->kind, relaxed);
	struct sf_call c = let_through(socket, operation, (uint16_t)kind, (int)(kind >> 32));

	c.fd = plain->fd;
	c.asked = c.len = plain->len;
	c.out = plain->buf;
	int64_t ret = sf_leave(&c, plain->ret);

	if (sf_call_found_nothing(&c))
		sf_respite_undo(respite);
	return ret;
}

/* A number of the socket; -1: it has been closed. */
static int number_of(const struct sf_socket *socket)
{
	int fd = (int)atomic_load_explicit(&socket->fd_hint, relaxed), top = atomic_load_explicit(&sf_fds_top, relaxed);

	if (sf_fd_socket(fd) == socket)
		return fd;
	for (fd = top - 1; fd >= 0 && sf_fd_socket(fd) != socket; fd--)
		;
	return fd;
}

ssize_t sf_quick_odd(struct sf_socket *socket, enum sf_operation operation, enum sf_func func, int flags, ssize_t ret)
{
	struct sf_call c = let_through(socket, operation, func, flags);

	c.fd = number_of(socket);
	c.asked = c.len = ret > 0 ? (size_t)ret : 1;
	ret = sf_leave(&c, ret);
	if (sf_call_found_nothing(&c))
		sf_allowance_undo(sf_quick_word(socket, sf_quick_of(socket, operation)));
	return ret;
}

ssize_t sf_brief_odd_vector(
    struct sf_event *event, struct sf_socket *socket, enum sf_operation operation, int64_t ret, const struct iovec *iov,
    int count)
{
	int before = errno;

	struct sf_call c = {
	    .func = event->what,
	    .operation = (uint8_t)operation,
	    .shape = SF_SHAPE_BUFFER,
	    .fd = event->fd,
	    .flags = (int)event->flags,
	    .asked = event->asked,
	    .len = event->asked,
	    .out = (const void *)(uintptr_t)event->buffer,
	    .socket = socket,
	    .socket_index = event->socket,
	    .family = socket->family,
	    .type = socket->type,
	    .side = socket->side,
	    .mode = event->mode,
	    .on = sf_on(socket->family, socket->type),
	    .ret = ret,
	    .err = ret < 0 ? before : 0,
	    .event = event,
	};

	if (iov) {
		c.shape = SF_SHAPE_VECTOR;
		c.iov = iov;
		c.count = count;
		c.asked = 0;
	}
	if (iov && c.err != EFAULT) {
		sf_look_measure(&c);
		event->asked = c.asked;
	}
	sf_conclude(&c);
	errno = before;
	return ret;
}

ssize_t sf_brief_odd(struct sf_event *event, struct sf_socket *socket, enum sf_operation operation, int64_t ret)
{
	return sf_brief_odd_vector(event, socket, operation, ret, NULL, 0);
}
