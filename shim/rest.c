/* SPDX-License-Identifier: MIT
 *
 * rest.c -- see rest.h. The comparison is of the stream: a digest runs over what goes out after a short send until as
 * many bytes have gone as the digest of the rest covers. So it is all one whether the program sends from the same
 * place, moves the rest to the beginning of its buffer, encrypts into another one, or cuts it anew. Two threads that
 * send on one stream at the same time may spoil each other's: whose bytes come first is then nobody's knowledge.
 */
#include "rest.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "evlog.h"
#include "probe.h"

#define PAGE 4096 /* the smallest that machines have */
#define SENDS 4   /* that say at least what they begin with */

/* ---- the bytes of a request ---- */

/* The program's own pieces, one after another, through all messages. */
struct pieces {
	const struct iovec *iov;
	size_t count;
	const struct mmsghdr *message; /* the next one */
	int messages;
	struct iovec one;
};

static void set_vector(struct pieces *p, const struct iovec *iov, size_t count)
{
	p->iov = iov;
	p->count = sf_readable(iov) && count <= IOV_MAX ? count : 0;
}

static struct pieces pieces_of(const struct sf_call *c)
{
	struct pieces p = {0};

	switch (c->shape) {
	case SF_SHAPE_BUFFER:
		p.one = (struct iovec){c->buf, c->asked};
		p.count = 1;
		break;
	case SF_SHAPE_VECTOR:
		if (c->iov == c->cut->pieces)
			set_vector(&p, c->cut->vector, (size_t)c->cut->count);
		else
			set_vector(&p, c->iov, (size_t)c->count);
		break;
	case SF_SHAPE_MESSAGE:
		set_vector(&p, c->msg->msg_iov, c->msg->msg_iovlen);
		break;
	case SF_SHAPE_MESSAGES:
		p.message = c->mmsg;
		p.messages = c->count; /* of a request that was cut: the first message */
		break;
	default:
		break;
	}
	return p;
}

static bool next_piece(struct pieces *p, struct iovec *piece)
{
	while (p->count == 0 && p->messages > 0) {
		set_vector(p, p->message->msg_hdr.msg_iov, p->message->msg_hdr.msg_iovlen);
		p->message++;
		p->messages--;
	}
	if (p->count == 0)
		return false;
	*piece = p->iov ? *p->iov++ : p->one;
	p->count--;
	return true;
}

const void *sf_rest_beginning(const struct sf_call *c)
{
	struct pieces p = pieces_of(c);
	struct iovec piece;

	while (next_piece(&p, &piece))
		if (piece.iov_len)
			return piece.iov_base;
	return NULL;
}

/* ---- looking ---- */

struct look {
	uint64_t moved;   /* bytes from the beginning that the kernel has read */
	bool may_ask;     /* a fault is being applied: the kernel may be asked about the others */
	uint64_t skip;    /* where in the request to begin */
	uint64_t running; /* goes on over as many bytes as `runs` */
	uint32_t runs;
	bool is_over;
};

/* How many bytes of a piece may be read. `before` of them, in front of it, the kernel has read. */
static size_t readable(const struct look *look, const char *at, size_t length, uint64_t before, bool is_first)
{
	uint64_t taken = look->moved > before ? look->moved - before : 0;
	size_t sure = taken < length ? taken : length;
	bool same_page = sure > 0 || (!is_first && look->moved == before);

	if (same_page && sure < length) {
		size_t to_the_end = (PAGE - (uintptr_t)(at + sure) % PAGE) % PAGE;

		sure = to_the_end < length - sure ? sure + to_the_end : length;
	}
	return sure < length && look->may_ask && sf_probe_readable(at, length) ? length : sure;
}

static void take(struct look *look, struct sf_rest *rest, const char *bytes, size_t length)
{
	size_t first = sizeof rest->first - (rest->digested < sizeof rest->first ? rest->digested : sizeof rest->first);
	size_t runs = rest->digested < look->runs ? look->runs - rest->digested : 0;

	first = first < length ? first : length;
	if (first) {
		rest->first_digest = sf_digest_more(rest->first_digest, bytes, first);
		if (sf_arena->keep_data)
			memcpy(rest->first + rest->first_length, bytes, first);
		rest->first_length += sf_arena->keep_data ? (uint32_t)first : 0;
	}
	rest->digest = sf_digest_more(rest->digest, bytes, length);
	look->running = sf_digest_more(look->running, bytes, runs < length ? runs : length);
	rest->digested += (uint32_t)length;
}

/* One piece: `at` bytes of the request come before it. */
static void take_piece(struct look *look, struct sf_rest *rest, struct iovec piece, uint64_t at)
{
	size_t skip = look->skip > at ? (size_t)(look->skip - at) : 0;
	const char *bytes = (const char *)piece.iov_base + skip;
	size_t length = piece.iov_len - skip, most = SF_REST_LOOK - rest->digested;

	if (!rest->address)
		rest->address = (uint64_t)(uintptr_t)bytes;
	length = length < most ? length : most;
	size_t sure = readable(look, bytes, length, at + skip, skip == 0);

	take(look, rest, bytes, sure);
	look->is_over = sure < length || rest->digested == SF_REST_LOOK;
}

static struct sf_rest look_at(const struct sf_call *c, struct look *look)
{
	struct sf_rest rest = {
	    .digest = sf_digest(NULL, 0), .first_digest = sf_digest(NULL, 0), .length = c->asked - look->skip};
	struct pieces p = pieces_of(c);
	struct iovec piece;

	for (uint64_t at = 0; !look->is_over && next_piece(&p, &piece); at += piece.iov_len)
		if (piece.iov_len && at + piece.iov_len > look->skip)
			take_piece(look, &rest, piece, at);
	if (!rest.digested) {
		rest.digest = 0;
		rest.first_digest = 0;
	}
	return rest;
}

static struct look begin_look(const struct sf_call *c, uint64_t moved, uint64_t skip)
{
	return (struct look){.moved = moved, .skip = skip, .may_ask = c->rule && !sf_self_is_sandboxed()};
}

/* ---- what follows ---- */

/* Its first bytes tell already that it is neither. */
static bool is_other(const struct sf_outstanding *was, const struct sf_rest *begin)
{
	return was->covered == 0 && was->digested >= sizeof begin->first && begin->digested >= sizeof begin->first &&
	       begin->first_digest != was->first && begin->first_digest != was->again_first;
}

static enum sf_follows judge(
    struct sf_outstanding *was, const struct sf_call *c, const struct sf_rest *begin, uint64_t running, uint64_t moved)
{
	if (!was->digested)
		return SF_FOLLOWS_UNKNOWN;
	if (is_other(was, begin)) {
		was->digested = 0;
		return SF_FOLLOWS_OTHER;
	}
	if (begin->digested >= was->digested - was->covered) {
		was->digested = 0;
		return running == was->digest ? SF_FOLLOWS_ON : running == was->again ? SF_FOLLOWS_AGAIN : SF_FOLLOWS_OTHER;
	}
	if (c->ret < 0)
		return SF_FOLLOWS_UNKNOWN;
	/* A piece of it: the digest goes on behind. What went unseen, or in part, ends it. */
	if (begin->digested == moved && moved == c->asked) {
		was->covered += (uint32_t)moved;
		was->running = running;
	} else {
		was->digested = 0;
	}
	return SF_FOLLOWS_UNKNOWN;
}

static struct sf_rest follow(const struct sf_call *c, struct sf_outstanding *was, uint64_t moved)
{
	struct look look = begin_look(c, moved, 0);

	look.running = was->running;
	look.runs = was->digested - was->covered;
	struct sf_rest begin = look_at(c, &look);

	if (was->sends || was->left)
		begin.follows = (uint8_t)judge(was, c, &begin, look.running, moved);
	was->left -= moved < was->left ? moved : was->left;
	was->sends -= was->sends > 0;
	return begin;
}

static void leave(const struct sf_call *c, struct sf_outstanding *now, uint64_t moved)
{
	struct look look = begin_look(c, moved, moved);
	struct sf_rest rest = look_at(c, &look);

	sf_event_extend(c->event, SF_EXTENSION_REST, &rest, sizeof rest);
	if (!now || c->type != SF_STREAM || sf_arena->trace_level != SF_TRACE_ALL)
		return;
	/* Of a refused send nothing may be known: what was left before it is left still. */
	if (!rest.digested && moved == 0 && now->digested) {
		now->sends = SENDS;
		return;
	}
	struct look again = begin_look(c, moved, 0);

	again.running = sf_digest(NULL, 0);
	again.runs = rest.digested;
	struct sf_rest begin = moved > 0 ? look_at(c, &again) : rest;

	*now = (struct sf_outstanding){
	    .digest = rest.digest,
	    .again = moved > 0 ? again.running : rest.digest,
	    .running = sf_digest(NULL, 0),
	    .first = rest.first_digest,
	    .again_first = begin.first_digest,
	    .left = rest.length,
	    .sends = SENDS,
	    .digested = rest.digested};
}

static bool is_refused(const struct sf_call *c)
{
	return c->ret < 0 && (c->err == EAGAIN || c->err == EINTR || c->err == ENOBUFS || c->err == ENOMEM);
}

/* NULL: there is none, or no room for one. */
static struct sf_outstanding *outstanding_of(struct sf_socket *socket, bool may_make)
{
	uint64_t none = 0, at = atomic_load_explicit(&socket->outstanding_at, memory_order_acquire);

	if (at == 0 && may_make) {
		at = sf_arena_heap(sf_arena, sizeof(struct sf_outstanding));
		if (!atomic_compare_exchange_strong(&socket->outstanding_at, &none, at))
			at = none;
		sf_socket_settle(socket);
	}
	return sf_arena_piece(sf_arena, at);
}

void sf_rest_note(struct sf_call *c)
{
	uint64_t moved = c->ret > 0 ? sf_call_moved(c) : 0;
	bool refused = is_refused(c);
	bool cut_by_us = c->len < c->asked || c->parted;
	bool is_short = c->ret >= 0 && moved < c->asked && c->type == SF_STREAM && (c->shape != SF_SHAPE_NONE || cut_by_us);

	struct sf_outstanding *outstanding = outstanding_of(c->socket, refused || is_short);

	if (c->ret < 0 && !refused) {
		if (outstanding)
			*outstanding = (struct sf_outstanding){0};
		return;
	}
	if (!refused && !is_short && !sf_rest_is_outstanding(c->socket))
		return;
	struct sf_outstanding nothing = {0};
	struct sf_rest begin = follow(c, outstanding ? outstanding : &nothing, moved);

	sf_event_extend(c->event, SF_EXTENSION_BEGIN, &begin, sizeof begin);
	if (refused || is_short)
		leave(c, outstanding, moved);
}
