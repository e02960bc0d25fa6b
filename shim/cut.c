/* SPDX-License-Identifier: MIT
 *
 * cut.c -- see cut.h.
 */
#include "cut.h"

/* The first pieces of a vector, c->len bytes in all; how many pieces. Empty ones are left out: a request of nothing
 * else would be answered with 0, which is the end of the stream. */
static size_t cut_vector(struct sf_call *c, const struct iovec *iov, size_t count)
{
	size_t left = c->len, n = 0;

	for (size_t i = 0; i < count && n < SF_CUT_MAX && left > 0; i++) {
		if (iov[i].iov_len == 0)
			continue;
		c->cut->pieces[n].iov_base = iov[i].iov_base;
		c->cut->pieces[n].iov_len = iov[i].iov_len < left ? iov[i].iov_len : left;
		left -= c->cut->pieces[n++].iov_len;
	}
	c->len -= left;
	return n;
}

static struct msghdr *cut_message(struct sf_call *c, struct msghdr *whole)
{
	c->was_cut = 1;
	c->cut->whole = whole;
	c->cut->message.msg_hdr = *whole;
	c->cut->message.msg_hdr.msg_iovlen = cut_vector(c, whole->msg_iov, whole->msg_iovlen);
	c->cut->message.msg_hdr.msg_iov = c->cut->pieces;
	return &c->cut->message.msg_hdr;
}

void sf_cut(struct sf_call *c)
{
	switch (c->shape) {
	case SF_SHAPE_VECTOR:
		c->cut->vector = c->iov;
		c->cut->count = c->count;
		c->count = (int)cut_vector(c, c->iov, (size_t)c->count);
		c->iov = c->cut->pieces;
		break;
	case SF_SHAPE_MESSAGE:
		c->msg = cut_message(c, c->msg);
		break;
	case SF_SHAPE_MESSAGES: /* on a stream: the first message alone, in part */
		cut_message(c, &c->mmsg[0].msg_hdr);
		c->mmsg = &c->cut->message;
		c->count = 1;
		break;
	default:
		break;
	}
}

/* The program's header comes first in its struct mmsghdr. */
void sf_cut_restore(struct sf_call *c)
{
	if (c->ret >= 0 && c->operation == SF_RECV) {
		c->cut->whole->msg_namelen = c->cut->message.msg_hdr.msg_namelen;
		c->cut->whole->msg_controllen = c->cut->message.msg_hdr.msg_controllen;
		c->cut->whole->msg_flags = c->cut->message.msg_hdr.msg_flags;
	}
	if (c->shape == SF_SHAPE_MESSAGES) {
		c->mmsg = (struct mmsghdr *)c->cut->whole;
		if (c->ret > 0)
			c->mmsg[0].msg_len = c->cut->message.msg_len;
	} else {
		c->msg = c->cut->whole;
	}
	c->was_cut = 0;
}
