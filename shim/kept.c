/* SPDX-License-Identifier: MIT
 *
 * kept.c -- see kept.h. A stash (stash.h) whose last `length` bytes of `whole` are still to be read.
 */
#include "kept.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "bytes.h"
#include "probe.h"
#include "self.h"
#include "stash.h"
#include "sys.h"

enum { KEPT_MAX = 64 * 1024 - sizeof(struct sf_stash) };

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

static void fill(int fd, struct sf_stash *stash, size_t most)
{
	long got;

	stash->length = 0;
	while (stash->length < most &&
	       (got = sf_sys(
	            SYS_recvfrom, fd, stash->bytes + stash->length, most - stash->length, MSG_DONTWAIT, NULL, NULL)) > 0)
		stash->length += (uint32_t)got;
	stash->whole = stash->length;
}

void sf_kept_take(int fd, struct sf_socket *socket, size_t most)
{
	int queued = 0;

	if (sf_sys(SYS_ioctl, fd, FIONREAD, &queued) != 0 || queued <= 0)
		return;
	if (most > (size_t)queued)
		most = (size_t)queued;
	if (most > KEPT_MAX)
		most = KEPT_MAX;
	struct sf_stash *stash = most ? sf_stash_claim(&socket->stash_in_at, most) : NULL;

	if (!stash)
		return;
	fill(fd, stash, most);
	sf_stash_put(stash, stash->length ? SF_STASH_FULL : SF_STASH_EMPTY);
}

/* TCP names no sender and has no flags to tell. */
static void fill_header(struct msghdr *theirs)
{
	theirs->msg_namelen = 0;
	theirs->msg_controllen = 0;
	theirs->msg_flags = 0;
}

static bool give(struct sf_call *c, struct sf_stash *stash)
{
	struct iovec one;
	struct msghdr header = sf_bytes_header(c, &one), *theirs = sf_bytes_theirs(c);
	size_t room = c->asked ? sf_bytes_length(&header) : 0;
	size_t length = stash->length < room ? stash->length : room;

	if (!(c->flags & MSG_TRUNC) && !sf_bytes_scatter(&header, stash->bytes + stash->whole - stash->length, length))
		return decide(c, -1, EFAULT);
	if (theirs)
		fill_header(theirs);
	if (!(c->flags & MSG_PEEK))
		stash->length -= (uint32_t)length;
	if (c->shape != SF_SHAPE_MESSAGES)
		return decide(c, (int64_t)length, 0);
	c->mmsg[0].msg_len = (unsigned)length;
	return decide(c, 1, 0);
}

/* Another thread may have it in its hands: its bytes come before ours. */
static struct sf_stash *take(struct sf_socket *socket)
{
	struct sf_stash *stash = sf_stash_take(&socket->stash_in_at);

	for (int i = 0; !stash && i < 1000 && sf_kept_length(socket); i++) {
		sf_sys(SYS_sched_yield);
		stash = sf_stash_take(&socket->stash_in_at);
	}
	return stash;
}

bool sf_kept_read(struct sf_call *c)
{
	if (c->flags & (MSG_ERRQUEUE | MSG_OOB))
		return false;
	if (c->shape == SF_SHAPE_MESSAGES && sf_probe_error(c->fd))
		return false; /* recvmmsg looks for an error before all else */
	struct sf_stash *stash = take(c->socket);

	if (!stash)
		return false;
	if (c->shape == SF_SHAPE_NONE && c->asked > 0) { /* splice: out of reach, and so it had not come */
		sf_stash_put(stash, SF_STASH_EMPTY);
		return false;
	}
	give(c, stash);
	sf_stash_put(stash, stash->length ? SF_STASH_FULL : SF_STASH_EMPTY);
	return true;
}

size_t sf_kept_length(struct sf_socket *socket)
{
	const struct sf_stash *stash =
	    sf_arena_piece(sf_arena, atomic_load_explicit(&socket->stash_in_at, memory_order_acquire));

	return stash && atomic_load_explicit(&stash->state, memory_order_acquire) != SF_STASH_EMPTY ? stash->length : 0;
}
