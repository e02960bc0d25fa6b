/* SPDX-License-Identifier: MIT
 *
 * part.c -- see part.h. An error that a later part meets is not the call's, which has moved something: the next call
 * meets it as well, but for one that is told once, and those are not asked for.
 */
#include "part.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "cut.h"
#include "real.h"
#include "sys.h"

struct source {
	const struct iovec *iov;
	size_t count;
	struct iovec one;
};

static void find_source(const struct sf_call *c, struct source *source)
{
	if (c->shape == SF_SHAPE_BUFFER) {
		source->one = (struct iovec){c->buf, c->asked};
		source->iov = &source->one;
		source->count = 1;
	} else if (c->shape == SF_SHAPE_VECTOR) {
		source->iov = c->cut->vector;
		source->count = (size_t)c->cut->count;
	} else {
		source->iov = c->msg->msg_iov;
		source->count = c->msg->msg_iovlen;
	}
}

/* As many pieces as there is room for of `length` bytes behind `skip`; how many. */
static size_t take(const struct source *source, size_t skip, size_t length, struct iovec *pieces)
{
	size_t n = 0;

	for (size_t i = 0; i < source->count && n < SF_CUT_MAX && length > 0; i++) {
		struct iovec piece = source->iov[i];

		if (skip >= piece.iov_len) {
			skip -= piece.iov_len;
			continue;
		}
		piece.iov_base = (char *)piece.iov_base + skip;
		piece.iov_len -= skip;
		skip = 0;
		piece.iov_len = piece.iov_len < length ? piece.iov_len : length;
		length -= piece.iov_len;
		pieces[n++] = piece;
	}
	return n;
}

bool sf_part_possible(const struct sf_call *c)
{
	if (c->flags & (MSG_OOB | MSG_PEEK | MSG_ZEROCOPY | MSG_FASTOPEN))
		return false;
	if (c->shape == SF_SHAPE_MESSAGE)
		return c->msg->msg_controllen == 0;
	return c->shape == SF_SHAPE_BUFFER || c->shape == SF_SHAPE_VECTOR;
}

/* What the kernel would have given at once. Asked for without touching an error that is pending. */
static size_t queued(int fd)
{
	int bytes = 0;

	return sf_sys(SYS_ioctl, fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

static ssize_t move(const struct sf_call *c, const struct source *source, size_t done, size_t length)
{
	struct iovec pieces[SF_CUT_MAX];
	struct msghdr header = {.msg_iov = pieces};

	header.msg_iovlen = take(source, c->parted + done, length, pieces);
	/* The call has moved something: it ends with a count, never with a signal. */
	if (c->operation == SF_SEND)
		return real_sendmsg(c->fd, &header, c->flags | MSG_NOSIGNAL);
	return real_recvmsg(c->fd, &header, c->flags);
}

void sf_part_move(struct sf_call *c)
{
	bool waits_for_all = c->operation == SF_SEND || (c->flags & MSG_WAITALL && c->mode != SF_NONBLOCKING);
	size_t length = c->len, done = 0;
	struct source source;

	find_source(c, &source);
	if (!waits_for_all && length > queued(c->fd))
		length = queued(c->fd);
	while (done < length) {
		ssize_t moved = move(c, &source, done, length - done);

		if (moved <= 0)
			break;
		done += (size_t)moved;
	}
	c->ret = (int64_t)done;
}
