/* SPDX-License-Identifier: MIT
 *
 * mend.c -- sockets with an after-state: what the kernel alone would not show after a fault that it did not make
 * itself.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include "datagram.h"
#include "effect.h"
#include "end.h"
#include "gate.h"
#include "hold.h"
#include "kept.h"
#include "probe.h"
#include "sys.h"

#define relaxed memory_order_relaxed

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

/* All of what several messages hold, or nothing of it. */
static bool answer_all(struct sf_call *c, bool whole)
{
	for (int i = 0; i < c->count; i++) {
		const struct msghdr *header = &c->mmsg[i].msg_hdr;

		c->mmsg[i].msg_len = 0;
		for (size_t k = 0; whole && k < header->msg_iovlen; k++)
			c->mmsg[i].msg_len += (unsigned)header->msg_iov[k].iov_len;
	}
	return decide(c, c->count, 0);
}

/* The peer has closed: it answers the first data that reaches it with a RST; that data is lost. */
static bool send_to_closed(struct sf_call *c)
{
	if (c->asked == 0)
		return false;
	sf_end_unheard(c);
	if (c->shape == SF_SHAPE_MESSAGES)
		return answer_all(c, true);
	return decide(c, (int64_t)c->asked, 0);
}

/* Is the RST of a closed peer the error that is pending? Of that recv says nothing. */
static bool has_closed_peers_error(const struct sf_socket *socket)
{
	return atomic_load_explicit(&socket->error_from, relaxed) == ECONNRESET &&
	       atomic_load_explicit(&socket->error_to, relaxed) == EPIPE;
}

/* The end of what the peer sent, in the kernel's place. */
static bool answer_end(struct sf_call *c)
{
	if (c->shape == SF_SHAPE_MESSAGES)
		return answer_all(c, false);
	if (c->shape == SF_SHAPE_MESSAGE) {
		c->msg->msg_namelen = 0;
		c->msg->msg_controllen = 0;
		c->msg->msg_flags = 0;
	}
	return decide(c, 0, 0);
}

/* A send takes the error, and is told of it as EPIPE with SIGPIPE by the kernel, which knows of none any more. */
static bool send_after_close(struct sf_call *c)
{
	sf_probe_take_error(c->fd);
	atomic_store_explicit(&c->socket->error_from, 0, relaxed);
	atomic_store_explicit(&c->socket->error_to, 0, relaxed);
	return false;
}

/* An error that was put aside for the first who asks: SO_ERROR, or a transfer of a connection that never came up. */
static int take_error(struct sf_socket *socket)
{
	return atomic_exchange_explicit(&socket->error_to, 0, relaxed);
}

static bool answer_queued(struct sf_call *c)
{
	if (!sf_kept_length(c->socket) || !sf_probe_readable(c->buf, sizeof(int)))
		return false;
	*(int *)c->buf = (int)sf_kept_length(c->socket);
	return decide(c, 0, 0);
}

/* It is under way already: who may wait waits for it, and a timeout of his own says no more than that (transcripts
 * C5b, C6). */
static bool connect_again(struct sf_call *c, uint64_t left_ns)
{
	if (c->mode != SF_NONBLOCKING && !sf_wait_in_silence(c, left_ns)) {
		c->released = 1;
		return false;
	}
	return decide(c, -1, c->mode != SF_NONBLOCKING && c->err == EINTR ? EINTR : EALREADY);
}

/* A connect that is under way has no peer yet and no error. */
static bool answer_connecting(struct sf_call *c, uint64_t left_ns)
{
	if (c->func == SF_FUNC_getpeername)
		return decide(c, -1, ENOTCONN);
	if (c->operation == SF_CONNECT)
		return connect_again(c, left_ns);
	if (c->func != SF_FUNC_getsockopt || c->flags != (SOL_SOCKET << 16 | SO_ERROR) || !c->buf)
		return false;
	*(int *)c->buf = 0;
	return decide(c, 0, 0);
}

static bool answer_option(struct sf_call *c)
{
	int *value = c->buf;
	int err;

	if (c->func == SF_FUNC_ioctl && c->flags == FIONREAD && c->type == SF_STREAM)
		return answer_queued(c);
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

bool sf_sit_out(struct sf_call *c, uint64_t ns)
{
	if (c->mode == SF_NONBLOCKING)
		return decide(c, -1, EAGAIN);
	return sf_wait_in_silence(c, ns) || release(c);
}

/* A held direction is silent for calls as it is for poll: non-blocking ones say EAGAIN, blocking ones wait it out. */
static bool answer_held(struct sf_call *c)
{
	uint64_t left_ns = 0;

	if (atomic_load_explicit(&c->socket->mended, relaxed) & SF_MENDED_CONNECTING) {
		if (sf_is_held(c->socket, true, &left_ns) && answer_connecting(c, left_ns))
			return true;
		if (!left_ns)
			atomic_fetch_and_explicit(&c->socket->mended, ~(uint32_t)SF_MENDED_CONNECTING, relaxed);
	}
	if (c->operation != SF_SEND && c->operation != SF_RECV && c->operation != SF_ACCEPT)
		return false;
	if (!sf_is_held(c->socket, c->operation == SF_SEND, &left_ns))
		return release(c);
	if (c->mode == SF_NONBLOCKING)
		sf_hold_here(c->fd); /* it may have begun in another process, or under another number */
	return sf_sit_out(c, left_ns);
}

static bool answer_stash(struct sf_call *c)
{
	if (c->type == SF_STREAM && c->operation == SF_RECV)
		return atomic_load_explicit(&c->socket->stash_in_at, relaxed) && sf_kept_read(c);
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

/* That the program has seen what is there (sf_hold_never) is no after-state: no fault was applied, and nothing is
 * asked.
 */
static bool has_after_state(const struct sf_socket *socket)
{
	return atomic_load_explicit(&socket->state, relaxed) != SF_LIVE ||
	       atomic_load_explicit(&socket->hold_in_ns, relaxed) > SF_HOLD_DECIDED ||
	       atomic_load_explicit(&socket->hold_out_ns, relaxed);
}

static bool name_is_mended(const struct sf_socket *socket)
{
	return atomic_load_explicit(&socket->mended, relaxed) & SF_MENDED_NAME;
}

bool sf_mend_before(struct sf_call *c)
{
	uint32_t state = atomic_load_explicit(&c->socket->state, memory_order_acquire);

	/* A sandbox may kill for any call of ours: there the kernel answers, but for bytes that only we have. */
	if (sf_self_is_sandboxed())
		return c->type == SF_STREAM && c->shape != SF_SHAPE_MESSAGES && answer_stash(c);
	/* The number may have been closed where we did not see it: what has it now is not to be mended. */
	if (has_after_state(c->socket) && !sf_probe_same(c->fd, c->socket)) {
		sf_fd_set(c->fd, NULL);
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
	if (c->operation == SF_SEND && state == SF_PEER_CLOSED && c->type == SF_STREAM && c->shape != SF_SHAPE_NONE)
		return send_to_closed(c);
	if (c->operation == SF_RECV && has_closed_peers_error(c->socket))
		return c->asked > 0 && answer_end(c);
	if (c->operation == SF_SEND && has_closed_peers_error(c->socket))
		return send_after_close(c);
	/* The kernel would connect a socket that it has reset; a real one stays what it was. */
	if (c->operation == SF_CONNECT && state == SF_DEAD && name_is_mended(c->socket))
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

/* It came between our look and the kernel's. */
static void lose_all(struct sf_call *c)
{
	if (c->shape == SF_SHAPE_MESSAGES)
		answer_all(c, false);
	else
		c->ret = 0;
}

/* Whose route has gone, the kernel remembers it for SO_ERROR once more. */
static int translated(struct sf_socket *socket)
{
	int err = atomic_load_explicit(&socket->error_to, relaxed);

	atomic_store_explicit(&socket->error_from, 0, relaxed);
	return err == EHOSTUNREACH || err == ENETUNREACH ? err : take_error(socket);
}

static void translate(struct sf_call *c, int from)
{
	bool transfer = c->operation == SF_SEND || c->operation == SF_RECV;

	if (c->ret < 0 && c->err == from && (transfer || c->operation == SF_CONNECT))
		c->err = translated(c->socket);
	else if (
	    c->ret == 0 && c->func == SF_FUNC_getsockopt && c->flags == (SOL_SOCKET << 16 | SO_ERROR) && c->buf &&
	    *(int *)c->buf == from)
		*(int *)c->buf = translated(c->socket);
}

static bool met_the_race(const struct sf_call *c)
{
	return c->socket->type == SF_STREAM && c->ret < 0 && name_is_mended(c->socket) &&
	       ((c->operation == SF_RECV && (c->err == EPIPE || c->err == ENOTCONN)) ||
	        (c->operation == SF_SEND && c->err == ENOTCONN));
}

void sf_mend_after(struct sf_call *c)
{
	struct sf_socket *socket = c->socket;
	int from = atomic_load_explicit(&socket->error_from, relaxed);
	bool is_unix_stream = socket->family == SF_UNIX && (socket->type == SF_STREAM || socket->type == SF_SEQPACKET);

	if (sf_self_is_sandboxed()) /* as sf_mend_before */
		return;
	if (c->operation == SF_SEND && socket->type == SF_DGRAM && c->ret >= 0)
		sf_datagram_overtaken(c->fd, socket, c->shape == SF_SHAPE_MESSAGES ? (int32_t)c->ret : 1);
	if (c->operation == SF_RECV && c->ret > 0 && is_ended(socket))
		lose_all(c);
	if (c->operation == SF_RECV && c->ret == 0 && is_unix_stream && !from)
		tell_once(c);
	if (c->func == SF_FUNC_getsockname && c->ret == 0 && name_is_mended(socket))
		mend_name(c);
	if (met_the_race(c)) {
		mend_race(c);
		from = atomic_load_explicit(&socket->error_from, memory_order_acquire);
	}
	if (from)
		translate(c, from);
	/* What sendfile gave a peer that has closed. */
	if (c->operation == SF_SEND && c->ret > 0 && c->shape == SF_SHAPE_NONE &&
	    atomic_load_explicit(&socket->state, relaxed) == SF_PEER_CLOSED)
		sf_end_unheard(c);
}
