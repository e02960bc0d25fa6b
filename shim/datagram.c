/* SPDX-License-Identifier: MIT
 *
 * datagram.c -- see datagram.h. Sent datagrams are copied before they are changed; the program's buffers are read only.
 * A datagram that is held back for reordering lies in the arena, and goes out after as many others as the rule says.
 */
#include "datagram.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "gate.h"
#include "sys.h"

#define relaxed memory_order_relaxed

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

/* The request as one header, whatever call it came by. */
static struct msghdr header_of(const struct sf_call *c, struct iovec *one)
{
	struct msghdr header = {0};

	switch (c->shape) {
	case SF_SHAPE_MESSAGE:
		return *c->msg;
	case SF_SHAPE_MESSAGES:
		return c->mmsg[0].msg_hdr;
	case SF_SHAPE_VECTOR:
		header.msg_iov = (struct iovec *)(uintptr_t)c->iov;
		header.msg_iovlen = (size_t)c->count;
		break;
	default:
		*one = (struct iovec){c->buf, c->asked};
		header.msg_iov = one;
		header.msg_iovlen = 1;
	}
	if (c->operation == SF_SEND && c->address) {
		header.msg_name = (void *)(uintptr_t)c->address;
		header.msg_namelen = c->address_length;
	}
	return header;
}

static size_t gather(const struct msghdr *header, char *to, size_t room)
{
	size_t length = 0;

	for (size_t i = 0; i < header->msg_iovlen; i++) {
		size_t piece = header->msg_iov[i].iov_len;

		if (piece > room - length)
			piece = room - length;
		memcpy(to + length, header->msg_iov[i].iov_base, piece);
		length += piece;
	}
	return length;
}

/* ---- out ---- */

/* A datagram that waits in the arena for others to overtake it. */
struct stash {
	_Atomic uint32_t overtakers; /* still to come; 0: not in use */
	uint32_t length;
	uint32_t name_length;
	uint32_t reserved;
	struct sockaddr_storage name;
	char bytes[];
};

static struct stash *stash_of(const struct sf_socket *socket)
{
	uint64_t at = atomic_load_explicit(&socket->stash_at, memory_order_acquire);

	return at ? sf_arena_at(sf_arena, at) : NULL;
}

static bool keep_back(struct sf_call *c)
{
	struct iovec one;
	struct msghdr header = header_of(c, &one);
	uint64_t at = sf_arena_heap(sf_arena, sizeof(struct stash) + c->asked);

	c->refused = !at || stash_of(c->socket);
	if (c->refused)
		return false;
	struct stash *stash = sf_arena_at(sf_arena, at);

	stash->length = (uint32_t)gather(&header, stash->bytes, c->asked);
	stash->name_length = header.msg_namelen <= sizeof stash->name ? header.msg_namelen : 0;
	if (header.msg_name)
		memcpy(&stash->name, header.msg_name, stash->name_length);
	atomic_store_explicit(&stash->overtakers, c->amount ? c->amount : 1, relaxed);
	atomic_store_explicit(&c->socket->stash_at, at, memory_order_release);
	for (int i = SF_SEND; i <= SF_CLOSE; i++)
		if (i == SF_SEND || i == SF_CLOSE)
			atomic_fetch_or_explicit(&sf_arena->watch[i], SF_WATCH_MEND, relaxed);
	return decide(c, (int64_t)c->asked, 0);
}

static void send_stash(int fd, struct sf_socket *socket, struct stash *stash)
{
	atomic_store_explicit(&socket->stash_at, 0, relaxed);
	sf_sys(
	    SYS_sendto, fd, stash->bytes, stash->length, MSG_NOSIGNAL | MSG_DONTWAIT,
	    stash->name_length ? &stash->name : NULL, stash->name_length);
}

void sf_datagram_overtaken(int fd, struct sf_socket *socket, bool last)
{
	struct stash *stash = stash_of(socket);

	if (stash && (last || atomic_fetch_sub_explicit(&stash->overtakers, 1, relaxed) <= 1))
		send_stash(fd, socket, stash);
}

static bool send_again(struct sf_call *c)
{
	struct iovec one;
	struct msghdr header = header_of(c, &one);

	return sf_sys(SYS_sendmsg, c->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* `amount` bytes at places that the random number chooses get another value. */
static void spoil(struct sf_call *c, char *bytes, size_t length)
{
	uint64_t random = c->random;

	for (uint32_t i = 0; i < c->amount && length > 0; i++) {
		random = sf_key_hash(random, i + 1);
		bytes[random % length] ^= (char)(1 + (random >> 32) % 255);
	}
}

static bool send_changed(struct sf_call *c)
{
	struct iovec one, copy;
	struct msghdr header = header_of(c, &one);
	size_t room = (c->asked + 4095) & ~(size_t)4095;
	long memory = sf_sys(SYS_mmap, 0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory < 0 && memory > -4096)
		return false;
	copy = (struct iovec){(void *)memory, gather(&header, (char *)memory, c->asked)};
	if (c->wishes & SF_WISH_CORRUPT)
		spoil(c, copy.iov_base, copy.iov_len);
	if (c->wishes & SF_WISH_TRUNCATE && copy.iov_len > c->amount)
		copy.iov_len = c->amount;
	header.msg_iov = &copy;
	header.msg_iovlen = 1;
	long sent = sf_sys(SYS_sendmsg, c->fd, &header, c->flags & ~MSG_TRUNC);

	sf_sys(SYS_munmap, memory, room);
	if (sent >= 0 && c->wishes & SF_WISH_TRUNCATE)
		sent = (long)c->asked;
	return decide(c, sent < 0 ? -1 : sent, sent < 0 ? (int)-sent : 0);
}

/* sendmmsg: the wish is for the first datagram; the rest are the program's next call. */
static bool answer_messages(struct sf_call *c)
{
	if (c->shape != SF_SHAPE_MESSAGES || c->ret < 0)
		return true;
	c->mmsg[0].msg_len = (unsigned)c->ret;
	c->ret = 1;
	return true;
}

static bool first_only(struct sf_call *c)
{
	if (c->shape != SF_SHAPE_MESSAGES)
		return false;
	c->asked = 0;
	for (size_t i = 0; i < c->mmsg[0].msg_hdr.msg_iovlen; i++)
		c->asked += c->mmsg[0].msg_hdr.msg_iov[i].iov_len;
	c->count = 1;
	return true;
}

static bool before_send(struct sf_call *c)
{
	first_only(c);
	if (c->wishes & SF_WISH_DROP)
		return decide(c, (int64_t)c->asked, 0) && answer_messages(c);
	if (c->wishes & SF_WISH_REORDER)
		return keep_back(c) && answer_messages(c);
	if (c->wishes & (SF_WISH_CORRUPT | SF_WISH_TRUNCATE))
		return send_changed(c) && answer_messages(c);
	return false; /* duplicate: after the first has gone */
}

/* ---- in ---- */

/* One datagram less in the queue. A blocking call waits for one that can be lost. */
static bool lose_one(struct sf_call *c)
{
	long got = sf_sys(SYS_recvfrom, c->fd, NULL, 0, (c->flags & MSG_DONTWAIT) | MSG_TRUNC, NULL, NULL);

	return got < 0 ? decide(c, -1, (int)-got) : false;
}

/* The datagram stays in the queue when it is read: the next call reads it again. */
static bool read_and_keep(struct sf_call *c)
{
	struct iovec one;
	struct msghdr header = header_of(c, &one);

	first_only(c);
	if (c->shape == SF_SHAPE_MESSAGE || c->func == SF_FUNC_recv || c->func == SF_FUNC_recvfrom ||
	    c->shape == SF_SHAPE_MESSAGES) {
		c->flags |= MSG_PEEK;
		return false;
	}
	long got = sf_sys(SYS_recvmsg, c->fd, &header, c->flags | MSG_PEEK);

	return decide(c, got < 0 ? -1 : got, got < 0 ? (int)-got : 0);
}

/* A call that would block gives the second datagram a tenth of a second to come. */
static bool second_comes(const struct sf_call *c)
{
	struct pollfd one = {c->fd, POLLIN, 0};
	struct timespec wait = {0, c->mode == SF_NONBLOCKING ? 0 : 100000000};

	return sf_sys(SYS_ppoll, &one, 1, &wait, NULL, 8) == 1;
}

/* The first datagram goes behind the second: it is put aside, the second is read now and the first by the next call.
 * Where no second one comes there is nothing to overtake: it is read now, and the rule did not apply. */
static bool take_second(struct sf_call *c)
{
	uint64_t at = sf_arena_heap(sf_arena, sizeof(struct stash) + SF_PAGE_SIZE / 4);
	struct stash *stash = at ? sf_arena_at(sf_arena, at) : NULL;
	struct iovec one;
	struct msghdr header;

	c->refused = 1;
	if (!stash || stash_of(c->socket))
		return false;
	one = (struct iovec){stash->bytes, SF_PAGE_SIZE / 4};
	header =
	    (struct msghdr){.msg_name = &stash->name, .msg_namelen = sizeof stash->name, .msg_iov = &one, .msg_iovlen = 1};
	long got = sf_sys(SYS_recvmsg, c->fd, &header, c->flags & MSG_DONTWAIT);

	if (got < 0)
		return decide(c, -1, (int)-got);
	stash->length = (uint32_t)got;
	stash->name_length = header.msg_namelen;
	atomic_store_explicit(&stash->overtakers, 1, relaxed);
	atomic_store_explicit(&c->socket->stash_at, at, memory_order_release);
	atomic_fetch_or_explicit(&sf_arena->watch[SF_RECV], SF_WATCH_MEND, relaxed);
	atomic_fetch_or_explicit(&sf_arena->watch[SF_POLL], SF_WATCH_MEND, relaxed);
	c->refused = !second_comes(c);
	if (!c->refused)
		return false;
	return sf_datagram_read_stash(c);
}

static void scatter(const struct msghdr *header, const char *from, size_t length)
{
	for (size_t i = 0; i < header->msg_iovlen && length > 0; i++) {
		size_t piece = header->msg_iov[i].iov_len < length ? header->msg_iov[i].iov_len : length;

		memcpy(header->msg_iov[i].iov_base, from, piece);
		from += piece;
		length -= piece;
	}
}

bool sf_datagram_read_stash(struct sf_call *c)
{
	struct stash *stash = stash_of(c->socket);
	struct iovec one;
	struct msghdr header = header_of(c, &one);

	if (!stash || c->operation != SF_RECV)
		return false;
	if (!(c->flags & MSG_PEEK))
		atomic_store_explicit(&c->socket->stash_at, 0, relaxed);
	scatter(&header, stash->bytes, stash->length);
	first_only(c);
	size_t room = c->asked;

	c->heard_from = (const struct sockaddr *)&stash->name;
	c->heard_length = stash->name_length;
	decide(c, (int64_t)(stash->length < room || c->flags & MSG_TRUNC ? stash->length : room), 0);
	if (c->shape == SF_SHAPE_MESSAGE || c->shape == SF_SHAPE_MESSAGES) {
		struct msghdr *theirs = c->shape == SF_SHAPE_MESSAGE ? c->msg : &c->mmsg[0].msg_hdr;

		if (theirs->msg_name && theirs->msg_namelen > 0)
			memcpy(
			    theirs->msg_name, &stash->name,
			    stash->name_length < theirs->msg_namelen ? stash->name_length : theirs->msg_namelen);
		theirs->msg_namelen = theirs->msg_name ? stash->name_length : 0;
		theirs->msg_controllen = 0;
		theirs->msg_flags = stash->length > room ? MSG_TRUNC : 0;
	}
	return answer_messages(c);
}

static bool before_receive(struct sf_call *c)
{
	if (c->wishes & SF_WISH_DROP && lose_one(c))
		return true;
	if (c->wishes & SF_WISH_DUPLICATE)
		return read_and_keep(c);
	return c->wishes & SF_WISH_REORDER && take_second(c);
}

static void spoil_received(struct sf_call *c)
{
	struct iovec one;
	struct msghdr header = header_of(c, &one);
	size_t length = c->shape == SF_SHAPE_MESSAGES ? c->mmsg[0].msg_len : (size_t)c->ret;

	/* In the largest piece that was written: where it lies does not matter to the network. */
	for (size_t i = 0; i < header.msg_iovlen && length > 0; i++) {
		size_t piece = header.msg_iov[i].iov_len < length ? header.msg_iov[i].iov_len : length;

		if (piece > 0) {
			spoil(c, header.msg_iov[i].iov_base, piece);
			return;
		}
	}
}

static void cut_received(struct sf_call *c)
{
	if (c->shape == SF_SHAPE_MESSAGES) {
		if (c->mmsg[0].msg_len > c->amount)
			c->mmsg[0].msg_len = c->amount;
	} else if (c->ret > c->amount) {
		c->ret = c->amount;
	}
}

/* ---- before, after ---- */

bool sf_datagram_before(struct sf_call *c)
{
	return c->operation == SF_SEND ? before_send(c) : before_receive(c);
}

void sf_datagram_after(struct sf_call *c)
{
	if (c->ret < 0)
		return;
	if (c->operation == SF_SEND && c->wishes & SF_WISH_DUPLICATE)
		send_again(c);
	if (c->operation != SF_RECV)
		return;
	if (c->wishes & SF_WISH_TRUNCATE)
		cut_received(c);
	if (c->wishes & SF_WISH_CORRUPT)
		spoil_received(c);
}
