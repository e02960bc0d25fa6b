/* SPDX-License-Identifier: MIT
 *
 * overtaken.c -- see overtaken.h. What was read to be put aside is handed out as the kernel would have given it.
 */
#include "overtaken.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "bytes.h"
#include "datagram.h"
#include "gate.h"
#include "probe.h"
#include "stash.h"
#include "sys.h"

#define relaxed memory_order_relaxed

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

/* Let alone: the real call is made as the program asked. */
static bool refuse(struct sf_call *c)
{
	c->refused = 1;
	return false;
}

/* A call that would block gives the next datagram a tenth of a second to come. */
static bool next_comes(const struct sf_call *c)
{
	struct pollfd one = {c->fd, POLLIN, 0};
	uint64_t wait_ns = c->mode == SF_NONBLOCKING ? 0 : 100000000;
	uint64_t limit_ns = c->mode == SF_TIMEOUT ? sf_probe_timeout(c->fd, false) : wait_ns;
	struct timespec wait = {0, (long)(limit_ns < wait_ns ? limit_ns : wait_ns)};

	return sf_sys(SYS_ppoll, &one, 1, &wait, NULL, 8) == 1 && one.revents == POLLIN;
}

static void tell_sender(struct sf_call *c, const struct sockaddr_storage *name, uint32_t length)
{
	c->heard_from = (const struct sockaddr *)name;
	c->heard_length = length;
	sf_call_heard_from(c, c->heard_from, length);
}

/* The next datagram is read and stays in the queue, so that the socket stays readable for the one that it overtakes. */
static bool show_next(struct sf_call *c, struct sf_stash *stash)
{
	struct iovec one;
	struct msghdr header = sf_bytes_header(c, &one), *theirs = sf_bytes_theirs(c);

	if (!theirs) {
		header.msg_name = &stash->other;
		header.msg_namelen = sizeof stash->other;
	}
	long got =
	    sf_sys(SYS_recvmsg, c->fd, theirs ? theirs : &header, (c->flags & ~MSG_WAITFORONE) | MSG_PEEK | MSG_DONTWAIT);

	if (got < 0)
		return false;
	stash->other_length = header.msg_namelen;
	if (!theirs)
		tell_sender(c, &stash->other, stash->other_length);
	else if (theirs->msg_name)
		sf_call_heard_from(c, theirs->msg_name, theirs->msg_namelen);
	return sf_datagram_done(c, (size_t)got, false);
}

static void fill_header(struct msghdr *theirs, const struct sf_stash *stash, bool cut)
{
	if (theirs->msg_name && theirs->msg_namelen > 0)
		memcpy(
		    theirs->msg_name, &stash->name,
		    stash->name_length < theirs->msg_namelen ? stash->name_length : theirs->msg_namelen);
	theirs->msg_namelen = theirs->msg_name ? stash->name_length : 0;
	theirs->msg_controllen = 0;
	theirs->msg_flags = cut ? MSG_TRUNC : 0;
}

/* The datagram that was overtaken, as the kernel would have given it. */
static bool hand_out(struct sf_call *c, struct sf_stash *stash)
{
	struct iovec one;
	struct msghdr header = sf_bytes_header(c, &one), *theirs = sf_bytes_theirs(c);
	size_t room = sf_bytes_length(&header), length = stash->length < room ? stash->length : room;

	if (!sf_bytes_scatter(&header, stash->bytes, length))
		return decide(c, -1, EFAULT);
	if (theirs)
		fill_header(theirs, stash, stash->whole > length);
	tell_sender(c, &stash->name, stash->name_length);
	return sf_datagram_done(c, c->flags & MSG_TRUNC ? stash->whole : length, false);
}

static long fill_stash(const struct sf_call *c, struct sf_stash *stash)
{
	struct iovec one = {stash->bytes, stash->room};
	struct msghdr header = {
	    .msg_name = &stash->name, .msg_namelen = sizeof stash->name, .msg_iov = &one, .msg_iovlen = 1};
	long got = sf_sys(SYS_recvmsg, c->fd, &header, MSG_DONTWAIT);

	if (got < 0)
		return got;
	one.iov_len = stash->length = stash->whole = (uint32_t)got;
	stash->name_length = header.msg_namelen;
	return got;
}

static void change_stash(const struct sf_call *c, struct sf_stash *stash)
{
	struct iovec bytes = {stash->bytes, stash->length};

	if (c->wishes & SF_WISH_TRUNCATE && stash->length > c->keep)
		stash->length = c->keep;
	if (c->wishes & SF_WISH_CORRUPT)
		sf_bytes_spoil(c, &bytes, 1, stash->length);
}

bool sf_overtaken_put_behind(struct sf_call *c, size_t length)
{
	const struct msghdr *theirs = sf_bytes_theirs(c);
	bool wants_control = theirs && theirs->msg_control && theirs->msg_controllen > 0; /* would be lost */
	struct sf_stash *stash = wants_control ? NULL : sf_stash_claim(&c->socket->stash_in_at, length);

	if (!stash)
		return refuse(c);
	if (fill_stash(c, stash) < 0) {
		sf_stash_put(stash, SF_STASH_EMPTY);
		return refuse(c);
	}
	bool overtaken = next_comes(c) && show_next(c, stash);

	if (overtaken) {
		change_stash(c, stash);
		atomic_store_explicit(&stash->overtakers, c->behind < INT32_MAX ? (int32_t)c->behind - 1 : INT32_MAX, relaxed);
		sf_datagram_watch(false);
	} else {
		c->refused = 1;
		hand_out(c, stash);
	}
	sf_stash_put(stash, overtaken ? SF_STASH_FULL : SF_STASH_EMPTY);
	return true;
}

/* With the stash in hand: true if it stays full. */
static bool read_past(struct sf_call *c, struct sf_stash *stash)
{
	int32_t overtakers = atomic_load_explicit(&stash->overtakers, relaxed);

	if (c->flags & MSG_PEEK) { /* what is shown must come next */
		atomic_store_explicit(&stash->overtakers, 0, relaxed);
		return hand_out(c, stash);
	}
	long read_before = sf_sys(SYS_recvfrom, c->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);

	if (read_before < 0 && read_before != -EAGAIN)
		return decide(c, -1, (int)-read_before);
	if (overtakers > 0 && next_comes(c) && show_next(c, stash)) {
		atomic_store_explicit(&stash->overtakers, overtakers - 1, relaxed);
		return true;
	}
	hand_out(c, stash);
	return false;
}

bool sf_datagram_read_stash(struct sf_call *c)
{
	if (c->shape == SF_SHAPE_NONE || c->flags & (MSG_ERRQUEUE | MSG_OOB))
		return false;
	struct sf_stash *stash = sf_stash_take(&c->socket->stash_in_at);

	if (!stash)
		return false;
	sf_stash_put(stash, read_past(c, stash) ? SF_STASH_FULL : SF_STASH_EMPTY);
	return true;
}
