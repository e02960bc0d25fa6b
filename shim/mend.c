/* SPDX-License-Identifier: MIT
 *
 * mend.c -- sockets with an after-state: what the kernel alone would not show after a fault that it did not make
 * itself.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/un.h>

#include "datagram.h"
#include "effect.h"
#include "gate.h"
#include "probe.h"
#include "readiness.h"
#include "sys.h"

#define relaxed memory_order_relaxed

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

static bool answer_all(struct sf_call *c)
{
	for (int i = 0; i < c->count; i++) {
		const struct msghdr *header = &c->mmsg[i].msg_hdr;

		c->mmsg[i].msg_len = 0;
		for (size_t k = 0; k < header->msg_iovlen; k++)
			c->mmsg[i].msg_len += (unsigned)header->msg_iov[k].iov_len;
	}
	return decide(c, c->count, 0);
}

/* The peer has closed: it answers the first data that reaches it with a RST, which sets EPIPE; that data is lost. */
static bool send_to_closed(struct sf_call *c)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	sf_sys(SYS_connect, c->fd, &none, sizeof none);
	sf_sys(SYS_shutdown, c->fd, SHUT_RDWR);
	sf_probe_take_error(c->fd);
	atomic_store_explicit(&c->socket->state, SF_DEAD, relaxed);
	atomic_store_explicit(&c->socket->error_to, EPIPE, relaxed); /* SO_ERROR says so once */
	if (c->shape == SF_SHAPE_MESSAGES)
		return answer_all(c);
	return decide(c, (int64_t)c->asked, 0);
}

/* An error that was put aside for the first who asks: SO_ERROR, or a transfer of a connection that never came up. */
static int take_error(struct sf_socket *socket)
{
	return atomic_exchange_explicit(&socket->error_to, 0, relaxed);
}

static bool answer_option(struct sf_call *c)
{
	int *value = c->buf;
	int err;

	if (c->func != SF_FUNC_getsockopt || c->flags != (SOL_SOCKET << 16 | SO_ERROR) || !value)
		return false;
	if (atomic_load_explicit(&c->socket->error_from, relaxed) || !(err = take_error(c->socket)))
		return false;
	*value = err;
	return decide(c, 0, 0);
}

/* A silence is over, and what had come in it is found; a look (MSG_PEEK) leaves that to the next call. */
static bool release(struct sf_call *c)
{
	_Atomic uint64_t *hold_ns = c->operation == SF_SEND ? &c->socket->hold_out_ns : &c->socket->hold_in_ns;
	uint64_t was = c->operation == SF_RECV && c->flags & MSG_PEEK ? atomic_load_explicit(hold_ns, relaxed)
	                                                              : atomic_exchange_explicit(hold_ns, 0, relaxed);

	c->released = was & SF_HOLD_DECIDED;
	c->silent_until_ns = was;
	return false;
}

/* A held direction is silent for calls as it is for poll: non-blocking ones say EAGAIN, blocking ones wait it out. */
static bool answer_held(struct sf_call *c)
{
	uint64_t left_ns;

	if (c->operation != SF_SEND && c->operation != SF_RECV && c->operation != SF_ACCEPT)
		return false;
	if (!sf_is_held(c->socket, c->operation == SF_SEND, &left_ns))
		return release(c);
	if (c->mode != SF_NONBLOCKING)
		return sf_wait_in_silence(c, left_ns) || release(c);
	sf_hold_here(c->fd); /* it may have begun in another process, or under another number */
	return decide(c, -1, EAGAIN);
}

static bool answer_stash(struct sf_call *c)
{
	if (c->type != SF_DGRAM)
		return false;
	if (c->operation == SF_CLOSE)
		sf_datagram_overtaken(c->fd, c->socket, SF_DATAGRAM_LAST);
	return c->operation == SF_RECV && sf_datagram_read_stash(c);
}

/* After the end nothing comes: what the peer, which knows nothing of it, still sends is lost. */
void sf_swallow(int fd)
{
	char lost[4096];

	while (sf_sys(SYS_recvfrom, fd, lost, sizeof lost, MSG_DONTWAIT, NULL, NULL) > 0)
		;
}

static bool has_after_state(const struct sf_socket *socket)
{
	return atomic_load_explicit(&socket->state, relaxed) != SF_LIVE ||
	       atomic_load_explicit(&socket->hold_in_ns, relaxed) || atomic_load_explicit(&socket->hold_out_ns, relaxed);
}

bool sf_mend_before(struct sf_call *c)
{
	uint32_t state = atomic_load_explicit(&c->socket->state, memory_order_acquire);

	/* The number may have been closed where we did not see it: what has it now is not to be mended. */
	if (has_after_state(c->socket) && !sf_probe_same(c->fd, c->socket)) {
		sf_fd_set(c->fd, 0);
		c->socket = NULL;
		c->socket_index = 0;
		return false;
	}
	if (answer_held(c) || answer_stash(c))
		return true;
	if (state == SF_LIVE)
		return false;
	if (c->operation == SF_RECV && (state == SF_ENDED || state == SF_PEER_CLOSED)) {
		sf_swallow(c->fd);
		return false; /* the kernel says 0, and fills what the program gave it as it does at a real end */
	}
	/* Of bytes that are out of reach (sendfile) only the kernel can say how many there are: they go out. */
	if (c->operation == SF_SEND && state == SF_PEER_CLOSED && c->type == SF_STREAM && c->family != SF_UNIX &&
	    c->shape != SF_SHAPE_NONE)
		return send_to_closed(c);
	/* The kernel would connect a socket that it has reset; a real one stays what it was. */
	if (c->operation == SF_CONNECT && state == SF_DEAD && atomic_load_explicit(&c->socket->mended, relaxed))
		return decide(c, -1, EISCONN);
	return c->operation == SF_SOCKOPT && answer_option(c);
}

static void mend_name(struct sf_call *c)
{
	const struct sf_endpoint *local = &c->socket->local;

	if (local->family == SF_INET && c->address_length >= sizeof(struct sockaddr_in))
		memcpy(&((struct sockaddr_in *)c->buf)->sin_addr, local->bytes, 4);
	else if (local->family == SF_INET6 && c->address_length >= sizeof(struct sockaddr_in6))
		memcpy(&((struct sockaddr_in6 *)c->buf)->sin6_addr, local->bytes, 16);
}

/* Between the two calls that reset a connection another thread can see ENOTCONN or EPIPE where a real reset shows
 * ECONNRESET: it looks again when both are done. */
static void mend_race(struct sf_call *c)
{
	for (int i = 0; i < 1000 && atomic_load_explicit(&c->socket->state, memory_order_acquire) == SF_DYING; i++)
		sf_sys(SYS_sched_yield);
	if (c->operation == SF_RECV) {
		int pending = sf_probe_take_error(c->fd);

		c->ret = pending > 0 ? -1 : 0;
		c->err = pending > 0 ? pending : 0;
	} else {
		c->err = EPIPE;
		if (!(c->flags & MSG_NOSIGNAL) && c->type == SF_STREAM)
			sf_sys(SYS_tgkill, sf_pid, sf_sys(SYS_gettid), SIGPIPE);
	}
}

static bool is_ended(const struct sf_socket *socket)
{
	uint32_t state = atomic_load_explicit(&socket->state, relaxed);

	return state == SF_ENDED || state == SF_PEER_CLOSED;
}

/* The reset of a Unix socket is told when its queue is empty, once. */
static void tell_once(struct sf_call *c)
{
	int err = c->asked > 0 ? take_error(c->socket) : 0;

	if (err) {
		c->ret = -1;
		c->err = err;
	}
}

void sf_mend_after(struct sf_call *c)
{
	struct sf_socket *socket = c->socket;
	int from = atomic_load_explicit(&socket->error_from, relaxed);
	bool transfer = c->operation == SF_SEND || c->operation == SF_RECV;

	if (c->operation == SF_SEND && socket->type == SF_DGRAM && c->ret >= 0)
		sf_datagram_overtaken(c->fd, socket, c->shape == SF_SHAPE_MESSAGES ? (int32_t)c->ret : 1);
	if (c->operation == SF_RECV && c->ret > 0 && is_ended(socket))
		c->ret = 0; /* it came between our look and the kernel's */
	if (c->operation == SF_RECV && c->ret == 0 && socket->type == SF_STREAM && socket->family == SF_UNIX && !from)
		tell_once(c);
	if (c->func == SF_FUNC_getsockname && c->ret == 0 && atomic_load_explicit(&socket->mended, relaxed))
		mend_name(c);
	if (from && c->ret < 0 && c->err == from && (transfer || c->operation == SF_CONNECT)) {
		c->err = take_error(socket);
		atomic_store_explicit(&socket->error_from, 0, relaxed);
	} else if (
	    from && c->ret == 0 && c->func == SF_FUNC_getsockopt && c->flags == (SOL_SOCKET << 16 | SO_ERROR) && c->buf &&
	    *(int *)c->buf == from) {
		*(int *)c->buf = take_error(socket);
		atomic_store_explicit(&socket->error_from, 0, relaxed);
	}
	if (socket->type == SF_STREAM && c->ret < 0 && socket->mended &&
	    ((c->operation == SF_RECV && (c->err == EPIPE || c->err == ENOTCONN)) ||
	     (c->operation == SF_SEND && c->err == ENOTCONN)))
		mend_race(c);
}
