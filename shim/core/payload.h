/* SPDX-License-Identifier: MIT
 *
 * payload.h -- may a fault touch what this call moves? Asked by the faults that lose, double, reorder, cut and spoil.
 * What the kernel would refuse is left to the kernel, and what the program was promised (MSG_PEEK, FIONREAD,
 * SO_RCVLOWAT) is kept. Looks at the call alone, at nothing that a bad pointer could lead to.
 */
#ifndef SF_CORE_PAYLOAD_H
#define SF_CORE_PAYLOAD_H

#include <limits.h>

#include "core/call.h"

/* What a datagram socket remembers from one call to the next (struct sf_socket.datagram). */
enum {
	SF_DATAGRAM_PEEKED = 1,  /* the program has seen the next one: that is what it must get */
	SF_DATAGRAM_DOUBLED = 2, /* the next one is the copy of one that it got */
	SF_DATAGRAM_MORE = 4,    /* the last send was the beginning of a datagram (MSG_MORE) */
};

/* Bytes of a vector; 0: empty, or one that the kernel would refuse. */
static inline size_t sf_payload_vector(const struct iovec *iov, size_t count)
{
	size_t length = 0;

	if (!sf_readable(iov) || count > IOV_MAX)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (iov[i].iov_len > 0 && (!sf_readable(iov[i].iov_base) || iov[i].iov_len > INT_MAX))
			return 0;
		length += iov[i].iov_len;
	}
	return length;
}

/* Bytes that lie within reach, of several messages those of the first. 0: none. */
static inline size_t sf_payload_length(const struct sf_call *c)
{
	switch (c->shape) {
	case SF_SHAPE_BUFFER:
		return sf_readable(c->out) ? c->asked : 0;
	case SF_SHAPE_VECTOR:
		return sf_payload_vector(c->iov, c->count < 0 ? 0 : (size_t)c->count);
	case SF_SHAPE_MESSAGE:
		return sf_payload_vector(c->msg->msg_iov, c->msg->msg_iovlen);
	case SF_SHAPE_MESSAGES:
		return sf_payload_vector(c->mmsg[0].msg_hdr.msg_iov, c->mmsg[0].msg_hdr.msg_iovlen);
	default:
		return 0;
	}
}

static inline bool sf_payload_remembers(const struct sf_call *c, uint32_t what)
{
	return c->socket && atomic_load_explicit(&c->socket->datagram, memory_order_relaxed) & what;
}

static inline bool sf_payload_in_reach(const struct sf_call *c)
{
	return sf_payload_length(c) > 0 && !(c->flags & (MSG_OOB | MSG_ERRQUEUE));
}

/* No datagram of UDP is longer. */
static inline size_t sf_payload_datagram_most(const struct sf_call *c)
{
	return c->family == SF_INET ? 65507 : 65527;
}

/* A whole datagram of IPv4 or IPv6, which the network may treat as it likes. */
static inline bool sf_payload_is_datagram(const struct sf_call *c)
{
	if (c->type != SF_DGRAM || (c->family != SF_INET && c->family != SF_INET6) || !sf_payload_in_reach(c))
		return false;
	if (c->operation == SF_RECV)
		return true;
	return sf_payload_length(c) <= sf_payload_datagram_most(c) && !(c->flags & MSG_MORE) &&
	       !sf_payload_remembers(c, SF_DATAGRAM_MORE);
}

/* The program looks at what it will read later, or has done so: both must be the same. */
static inline bool sf_payload_is_peeked(const struct sf_call *c)
{
	return c->operation == SF_RECV && (c->flags & MSG_PEEK || sf_payload_remembers(c, SF_DATAGRAM_PEEKED));
}

/* Bytes of a stream that the program has seen in the queue and not read yet. */
static inline uint64_t sf_payload_shown(const struct sf_call *c)
{
	if (!c->socket || c->operation != SF_RECV || c->type != SF_STREAM)
		return 0;
	uint64_t shown = atomic_load_explicit(&c->socket->shown, memory_order_relaxed);
	uint64_t received = atomic_load_explicit(&c->socket->received, memory_order_relaxed);

	return shown > received ? shown - received : 0;
}

/* A read of a stream that is cut to `most` bytes gets so many all the same: no less than was shown, or than poll waits
 * for. Who looks again without reading sees more each time, as when it trickles in. */
static inline uint64_t sf_payload_at_least(const struct sf_call *c, uint64_t most)
{
	uint64_t shown = sf_payload_shown(c);
	uint64_t low_water = c->socket && c->operation == SF_RECV && c->type == SF_STREAM
	                         ? atomic_load_explicit(&c->socket->low_water, memory_order_relaxed)
	                         : 0;
	uint64_t least = shown > low_water ? shown : low_water;

	if (c->flags & MSG_PEEK && shown)
		return shown + most;
	return most > least ? most : least;
}

#endif
