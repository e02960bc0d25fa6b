/* SPDX-License-Identifier: MIT
 *
 * datagram.c -- see datagram.h. Sent datagrams are copied before they are changed: the program's buffers are read only.
 * Of several messages the first is treated, and the rest is the kernel's.
 */
#include "datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bytes.h"
#include "core/payload.h"
#include "cut.h"
#include "gate.h"
#include "overtaken.h"
#include "probe.h"
#include "stash.h"
#include "sys.h"

#define relaxed memory_order_relaxed

/* Linux's own: all is done for this request but the sending. Libc has no name for it. */
#define PROBE_ONLY 0x10

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

/* The kernel answers otherwise than the fault needs: with an error, which is the call's. */
static bool fails_anyway(struct sf_call *c, int err)
{
	c->refused = 1;
	return decide(c, -1, err);
}

/* Let alone: the real call is made as the program asked. */
static bool refuse(struct sf_call *c)
{
	c->refused = 1;
	return false;
}

bool sf_datagram_done(struct sf_call *c, size_t length, bool go_on)
{
	if (c->shape != SF_SHAPE_MESSAGES)
		return decide(c, (int64_t)length, 0);
	c->mmsg[0].msg_len = (unsigned)length;
	if (c->count == 1 || !go_on)
		return decide(c, 1, 0);
	c->mmsg++;
	c->count--;
	if (c->operation == SF_RECV && c->flags & MSG_WAITFORONE)
		c->flags |= MSG_DONTWAIT;
	c->wishes |= SF_WISH_REST;
	return false;
}

static void add_rest(struct sf_call *c)
{
	c->mmsg--;
	c->count++;
	c->ret = c->ret < 0 ? 1 : c->ret + 1;
	c->err = 0;
}

static bool has_pending_error(int fd)
{
	struct pollfd one = {fd, 0, 0};
	struct timespec now = {0, 0};

	return sf_sys(SYS_ppoll, &one, 1, &now, NULL, 8) == 1;
}

/* ---- out ---- */

/* What is sent is a part of a datagram: the network never sees it alone. */
static bool is_corked(int fd)
{
	int corked = 0;
	socklen_t length = sizeof corked;

	return sf_sys(SYS_getsockopt, fd, IPPROTO_UDP, UDP_CORK, &corked, &length) == 0 && corked;
}

/* Would the kernel take it? Asked of the kernel, which binds the socket and finds the way as for a real one. An error
 * that is pending is this call's. */
static bool would_send(const struct sf_call *c, const struct msghdr *header, size_t length)
{
	int flags = (c->flags & ~MSG_ZEROCOPY) | PROBE_ONLY | MSG_NOSIGNAL | MSG_DONTWAIT;

	return !has_pending_error(c->fd) && sf_sys(SYS_sendmsg, c->fd, header, flags) == (long)length;
}

/* Whom it is for is settled now: the program may connect the socket to another one before it goes. */
static bool address_stash(int fd, const struct msghdr *header, struct sf_stash *stash)
{
	socklen_t length = sizeof stash->name;

	if (header->msg_name && header->msg_namelen <= sizeof stash->name) {
		stash->name_length = header->msg_namelen;
		memcpy(&stash->name, header->msg_name, header->msg_namelen);
		return true;
	}
	if (header->msg_name || sf_sys(SYS_getpeername, fd, &stash->name, &length) != 0)
		return false;
	stash->name_length = length;
	return true;
}

void sf_datagram_watch(bool out)
{
	atomic_fetch_or_explicit(&sf_arena->watch[out ? SF_SEND : SF_RECV], SF_WATCH_MEND, relaxed);
	if (out)
		atomic_fetch_or_explicit(&sf_arena->watch[SF_CLOSE], SF_WATCH_MEND, relaxed);
}

/* This process, or one that it was forked from, has held back a datagram on its way out. */
static _Atomic bool has_kept;

static bool keep_back(struct sf_call *c, const struct msghdr *header, const struct iovec *bytes)
{
	struct sf_stash *stash = sf_stash_claim(&c->socket->stash_out_at, bytes->iov_len);
	bool more = c->shape == SF_SHAPE_MESSAGES && c->count > 1; /* counted as one call with this one */

	if (!stash)
		return false;
	if (!address_stash(c->fd, header, stash)) {
		sf_stash_put(stash, SF_STASH_EMPTY);
		return false;
	}
	stash->process = sf_process;
	stash->length = (uint32_t)bytes->iov_len;
	memcpy(stash->bytes, bytes->iov_base, bytes->iov_len);
	int32_t behind = c->behind < INT32_MAX - 1 ? (int32_t)c->behind : INT32_MAX - 2;

	atomic_store_explicit(&stash->overtakers, behind + more, relaxed);
	sf_stash_put(stash, SF_STASH_FULL);
	atomic_store_explicit(&has_kept, true, relaxed);
	sf_datagram_watch(true);
	return true;
}

/* An error that is pending would be taken by what goes out, and the program never told. */
static bool send_stash(int fd, const struct sf_stash *stash, bool last)
{
	if (!last && has_pending_error(fd))
		return false;
	for (int tries = 0; tries < 2; tries++) {
		long sent = sf_sys(
		    SYS_sendto, fd, stash->bytes, stash->length, MSG_NOSIGNAL | MSG_DONTWAIT, &stash->name, stash->name_length);

		if (sent >= 0 || !last)
			return sent != -EAGAIN;
	}
	return true;
}

void sf_datagram_overtaken(int fd, struct sf_socket *socket, int32_t by)
{
	struct sf_stash *stash = sf_stash_take(&socket->stash_out_at);

	if (!stash)
		return;
	int32_t left = atomic_load_explicit(&stash->overtakers, relaxed);

	left = left > by ? left - by : 0;
	atomic_store_explicit(&stash->overtakers, left, relaxed);
	bool gone = left == 0 && send_stash(fd, stash, by == SF_DATAGRAM_LAST);

	sf_stash_put(stash, gone ? SF_STASH_EMPTY : SF_STASH_FULL);
}

void sf_datagram_leave(unsigned first, unsigned last)
{
	unsigned top = (unsigned)atomic_load_explicit(&sf_fds_top, relaxed);

	if (!atomic_load_explicit(&has_kept, relaxed) || atomic_load_explicit(&sf_self_process()->sandboxed, relaxed))
		return;
	for (unsigned fd = first; fd < top && fd <= last; fd++) {
		struct sf_socket *socket = sf_fd_socket((int)fd);
		uint64_t at = socket ? atomic_load_explicit(&socket->stash_out_at, memory_order_acquire) : 0;
		const struct sf_stash *stash = sf_arena_piece(sf_arena, at);

		/* Where it was kept by another process, that one has the socket still, and sends on. */
		if (stash && stash->process == sf_process)
			sf_datagram_overtaken((int)fd, socket, SF_DATAGRAM_LAST);
	}
}

static void send_again(const struct sf_call *c, const struct msghdr *header)
{
	if (!has_pending_error(c->fd))
		sf_sys(SYS_sendmsg, c->fd, header, (c->flags & ~MSG_ZEROCOPY) | MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* As the program's own call: a cancellation point, and SIGPIPE is its own. */
static bool send_copy(struct sf_call *c, struct msghdr *header, struct iovec *bytes, size_t length)
{
	int before = errno;

	header->msg_iov = bytes;
	header->msg_iovlen = 1;
	ssize_t sent = real_sendmsg(c->fd, header, c->flags & ~MSG_ZEROCOPY);
	int err = errno;

	errno = before;
	if (sent < 0)
		return fails_anyway(c, err);
	if (c->wishes & SF_WISH_DUPLICATE)
		send_again(c, header);
	if (c->type == SF_DGRAM)
		sent = (ssize_t)length; /* the rest of it was lost on the way */
	return sf_datagram_done(c, (size_t)sent, (size_t)sent == length);
}

static bool send_changed(struct sf_call *c, struct msghdr *header, struct iovec *bytes)
{
	size_t length = bytes->iov_len;

	if (c->wishes & SF_WISH_TRUNCATE && length > c->keep)
		bytes->iov_len = c->keep;
	if (c->wishes & SF_WISH_CORRUPT)
		sf_bytes_spoil(c, bytes, 1, bytes->iov_len);
	if (c->wishes & SF_WISH_REORDER && !keep_back(c, header, bytes))
		return refuse(c);
	if (c->wishes & SF_WISH_DROP || (c->wishes & SF_WISH_REORDER && !(c->wishes & SF_WISH_DUPLICATE)))
		return sf_datagram_done(c, length, true);
	return send_copy(c, header, bytes, length);
}

static bool before_send(struct sf_call *c)
{
	struct iovec one;
	struct msghdr header = sf_bytes_header(c, &one);
	size_t length = sf_bytes_length(&header), room = (length + 4095) & ~(size_t)4095;

	if (c->type == SF_DGRAM && is_corked(c->fd))
		return refuse(c);
	if (c->wishes == SF_WISH_DUPLICATE && c->shape != SF_SHAPE_MESSAGES)
		return false; /* the second one goes after the first */
	if (c->wishes & (SF_WISH_DROP | SF_WISH_REORDER) && !would_send(c, &header, length))
		return refuse(c);
	if (c->wishes & SF_WISH_REORDER && header.msg_controllen > 0)
		return refuse(c);
	long memory = sf_sys(SYS_mmap, 0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory < 0 && memory > -4096)
		return refuse(c);
	struct iovec bytes = {(void *)memory, length};
	bool decided = sf_bytes_gather(&header, bytes.iov_base, length) ? send_changed(c, &header, &bytes) : refuse(c);

	sf_sys(SYS_munmap, memory, room);
	return decided;
}

/* ---- in ---- */

/* The program's timeout goes on while datagrams are lost: what is left of it is waited for the next one. */
static bool wait_on(struct sf_call *c, uint64_t start_ns)
{
	uint64_t limit_ns = sf_probe_timeout(c->fd, false), spent_ns = sf_self_now_ns() - start_ns;
	uint64_t left_ns = limit_ns > spent_ns ? limit_ns - spent_ns : 0;
	struct timespec left = {(time_t)(left_ns / 1000000000), (long)(left_ns % 1000000000)};
	struct pollfd one = {c->fd, POLLIN, 0};
	int before = errno, ready = real_ppoll(&one, 1, &left, NULL), err = errno;

	errno = before;
	if (ready > 0)
		return false;
	return decide(c, -1, ready < 0 && err == EINTR ? EINTR : EAGAIN);
}

/* One datagram less in the queue. A blocking call waits for one that can be lost. */
static bool lose_one(struct sf_call *c)
{
	uint64_t start_ns = c->mode == SF_TIMEOUT ? sf_self_now_ns() : 0;
	int before = errno;
	ssize_t got = real_recvfrom(c->fd, NULL, 0, c->flags & MSG_DONTWAIT, NULL, NULL);
	int err = errno;

	errno = before;
	if (got < 0)
		return fails_anyway(c, err);
	return c->mode == SF_TIMEOUT && wait_on(c, start_ns);
}

/* Waits as the program's call would; the datagram stays where it is. */
static ssize_t next_length(struct sf_call *c, int *err)
{
	int before = errno;
	ssize_t got = real_recvfrom(c->fd, NULL, 0, (c->flags & MSG_DONTWAIT) | MSG_PEEK | MSG_TRUNC, NULL, NULL);

	*err = errno;
	errno = before;
	return got;
}

static void spoil_received(const struct sf_call *c, size_t length)
{
	struct iovec one;
	struct msghdr header = sf_bytes_header(c, &one);
	size_t room = sf_bytes_length(&header);

	if (c->wishes & SF_WISH_TRUNCATE && length > c->keep)
		length = c->keep;
	sf_bytes_spoil(c, header.msg_iov, header.msg_iovlen, length < room ? length : room);
}

static bool takes_flags(const struct sf_call *c)
{
	return c->shape == SF_SHAPE_MESSAGE || c->func == SF_FUNC_recv || c->func == SF_FUNC_recvfrom ||
	       c->func == SF_FUNC___recv_chk || c->func == SF_FUNC___recvfrom_chk;
}

/* The beginning of the vector, in `pieces`. False: it needs more of them. */
static bool shorten(struct msghdr *header, struct iovec *pieces, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < header->msg_iovlen && length > 0; i++) {
		struct iovec piece = header->msg_iov[i];

		if (piece.iov_len == 0)
			continue;
		if (n == SF_CUT_MAX)
			return false;
		piece.iov_len = piece.iov_len < length ? piece.iov_len : length;
		length -= piece.iov_len;
		pieces[n++] = piece;
	}
	header->msg_iov = pieces;
	header->msg_iovlen = n;
	return true;
}

/* By recvmsg, whatever the call: with flags that it has no place for, or of several messages the first alone. */
static bool receive(struct sf_call *c, struct msghdr *header)
{
	struct msghdr *theirs = sf_bytes_theirs(c);
	int flags = c->flags & ~MSG_WAITFORONE, before = errno;
	ssize_t got = real_recvmsg(c->fd, header, c->wishes & SF_WISH_DUPLICATE ? flags | MSG_PEEK : flags);
	int err = errno;

	errno = before;
	if (got < 0)
		return fails_anyway(c, err);
	if (theirs) {
		theirs->msg_namelen = header->msg_namelen;
		theirs->msg_controllen = header->msg_controllen;
		theirs->msg_flags = header->msg_flags;
	}
	if (c->wishes & SF_WISH_CORRUPT)
		spoil_received(c, (size_t)got);
	return sf_datagram_done(c, (size_t)got, true);
}

/* A cut datagram: the request is made shorter, so that the kernel cuts it and says so where it is asked. A doubled one
 * stays in the queue when it is read: the next call reads it again. */
static bool receive_changed(struct sf_call *c)
{
	struct iovec one, pieces[SF_CUT_MAX];
	struct msghdr header = sf_bytes_header(c, &one);
	bool cuts = c->wishes & SF_WISH_TRUNCATE, doubles = c->wishes & SF_WISH_DUPLICATE;

	if (cuts && !shorten(&header, pieces, c->keep))
		return refuse(c);
	if (c->shape == SF_SHAPE_MESSAGES && (cuts || doubles))
		return receive(c, &header);
	if (!takes_flags(c) && (doubles || (cuts && c->keep == 0))) /* read() of 0 bytes takes nothing out */
		return receive(c, &header);
	if (doubles)
		c->flags |= MSG_PEEK;
	if (cuts) {
		c->len = c->keep;
		sf_cut(c);
	}
	return false;
}

static bool before_receive(struct sf_call *c)
{
	int err;

	if (c->wishes & SF_WISH_DROP)
		return lose_one(c);
	if (!(c->wishes & (SF_WISH_REORDER | SF_WISH_TRUNCATE)))
		return receive_changed(c);
	ssize_t length = next_length(c, &err);

	if (length < 0)
		return fails_anyway(c, err);
	if (c->wishes & SF_WISH_TRUNCATE && (size_t)length <= c->keep)
		return refuse(c); /* there is nothing to be cut */
	return c->wishes & SF_WISH_REORDER ? sf_overtaken_put_behind(c, (size_t)length) : receive_changed(c);
}

/* ---- before, after ---- */

bool sf_datagram_before(struct sf_call *c)
{
	return c->operation == SF_SEND ? before_send(c) : before_receive(c);
}

void sf_datagram_after(struct sf_call *c)
{
	struct iovec one;
	struct msghdr header = sf_bytes_header(c, &one);

	if (c->wishes & SF_WISH_REST) {
		add_rest(c);
		return;
	}
	if (c->operation == SF_SEND) {
		if (c->ret >= 0 && c->wishes & SF_WISH_DUPLICATE)
			send_again(c, &header);
		return;
	}
	c->len = c->asked; /* nothing is left of a datagram that was cut */
	if (c->wishes & SF_WISH_DUPLICATE)
		c->flags &= ~MSG_PEEK;
	if (c->ret > 0 && c->wishes & SF_WISH_CORRUPT)
		spoil_received(c, c->shape == SF_SHAPE_MESSAGES ? c->mmsg[0].msg_len : (size_t)c->ret);
}

/* What was sent may be refused, once each (udp(7)). */
static void count_unanswered(const struct sf_call *c)
{
	_Atomic uint32_t *unanswered = &c->socket->unanswered;
	uint32_t before = atomic_load_explicit(unanswered, relaxed);

	if (c->operation == SF_SEND && c->ret >= 0)
		atomic_fetch_add_explicit(unanswered, c->shape == SF_SHAPE_MESSAGES ? (uint32_t)c->ret : 1, relaxed);
	else if (c->ret < 0 && c->err == ECONNREFUSED)
		while (before && !atomic_compare_exchange_weak_explicit(unanswered, &before, before - 1, relaxed, relaxed))
			;
}

void sf_datagram_conclude(const struct sf_call *c)
{
	_Atomic uint32_t *memory = &c->socket->datagram;
	uint32_t before = atomic_load_explicit(memory, relaxed), now = before;

	count_unanswered(c);
	if (c->ret < 0 || c->flags & (MSG_ERRQUEUE | MSG_OOB))
		return;
	if (c->operation == SF_SEND) {
		now = c->flags & MSG_MORE ? before | SF_DATAGRAM_MORE : before & ~(uint32_t)SF_DATAGRAM_MORE;
	} else if (c->operation == SF_RECV && c->flags & MSG_PEEK) {
		now = before | SF_DATAGRAM_PEEKED;
	} else if (c->operation == SF_RECV) {
		now = before & SF_DATAGRAM_MORE;
		if (c->wishes & SF_WISH_DUPLICATE && !(c->wishes & (SF_WISH_REORDER | SF_WISH_REST)))
			now |= SF_DATAGRAM_DOUBLED;
	}
	if (now != before)
		atomic_store_explicit(memory, now, relaxed);
}
