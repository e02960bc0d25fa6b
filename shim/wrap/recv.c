/* SPDX-License-Identifier: MIT
 *
 * wrap/recv.c -- the names by which bytes come in. Each body: pass if idle, describe, enter, the real call, leave. What
 * is no socket passes at the first table look-up.
 */
#include <string.h>

#include "brief.h"
#include "gate.h"
#include "track.h"

SF_WATCHED ssize_t watched_recv(int fd, void *buf, size_t len, int flags, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(recv, site, fd, buf, len, flags);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_recv(fd, buf, c.len, c.flags));
}

SF_WATCHED ssize_t brief_recv(int fd, void *buf, size_t len, int flags, uint64_t entry, const void *const *frame_end)
{
	SF_BRIEF(
	    recv, SF_RECV, flags, real_recv(fd, buf, len, flags),
	    watched_recv(fd, buf, len, flags, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t counted_recv(int fd, void *buf, size_t len, int flags, uint64_t entry, const void *const *frame_end)
{
	SF_COUNTED(
	    recv, SF_RECV, flags, real_recv(fd, buf, len, flags),
	    watched_recv(fd, buf, len, flags, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_recv(int fd, void *buf, size_t len, int flags, uint64_t entry)
{
	SF_QUICK(
	    recv, SF_RECV, flags, real_recv(fd, buf, len, flags), counted_recv(fd, buf, len, flags, entry, SF_FRAME_END));
}

SF_EXPORT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	struct sf_way way;

	if (sf_idle_way(SF_RECV, fd, &way))
		return real_recv(fd, buf, len, flags);
	if (sf_is_counted(SF_RECV, &way))
		return quick_recv(fd, buf, len, flags, way.entry);
	if (sf_is_recorded(&way))
		return brief_recv(fd, buf, len, flags, way.entry, SF_FRAME_END);
	return watched_recv(fd, buf, len, flags, SF_SITE);
}

SF_WATCHED ssize_t watched_recv_chk(int fd, void *buf, size_t len, size_t room, int flags, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(__recv_chk, site, fd, buf, len, flags);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real___recv_chk(fd, buf, c.len, room, c.flags));
}

SF_WATCHED ssize_t
brief_recv_chk(int fd, void *buf, size_t len, size_t room, int flags, uint64_t entry, const void *const *frame_end)
{
	SF_BRIEF(
	    __recv_chk, SF_RECV, flags, real___recv_chk(fd, buf, len, room, flags),
	    watched_recv_chk(fd, buf, len, room, flags, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t
counted_recv_chk(int fd, void *buf, size_t len, size_t room, int flags, uint64_t entry, const void *const *frame_end)
{
	SF_COUNTED(
	    __recv_chk, SF_RECV, flags, real___recv_chk(fd, buf, len, room, flags),
	    watched_recv_chk(fd, buf, len, room, flags, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_recv_chk(int fd, void *buf, size_t len, size_t room, int flags, uint64_t entry)
{
	SF_QUICK(
	    __recv_chk, SF_RECV, flags, real___recv_chk(fd, buf, len, room, flags),
	    counted_recv_chk(fd, buf, len, room, flags, entry, SF_FRAME_END));
}

SF_EXPORT ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	struct sf_way way;

	if (sf_idle_way(SF_RECV, fd, &way))
		return real___recv_chk(fd, buf, len, room, flags);
	if (sf_is_counted(SF_RECV, &way))
		return quick_recv_chk(fd, buf, len, room, flags, way.entry);
	if (sf_is_recorded(&way))
		return brief_recv_chk(fd, buf, len, room, flags, way.entry, SF_FRAME_END);
	return watched_recv_chk(fd, buf, len, room, flags, SF_SITE);
}

/* The address of a datagram that we answer with ourselves, as the kernel would write it: cut to fit, its true length
 * told. Bytes of a stream have none. */
static ssize_t answered_from(const struct sf_call *c, struct sockaddr *from, socklen_t *from_len)
{
	if (c->heard_from && from && from_len) {
		memcpy(from, c->heard_from, c->heard_length < *from_len ? c->heard_length : *from_len);
		*from_len = c->heard_length;
	} else if (c->ret >= 0 && c->type == SF_STREAM && from && sf_readable(from_len)) {
		*from_len = 0;
	}
	return c->ret;
}

static ssize_t heard(struct sf_call *c, ssize_t ret, const struct sockaddr *from, const socklen_t *from_len)
{
	if (ret >= 0 && from && from_len)
		sf_call_heard_from(c, from, *from_len);
	return sf_leave(c, ret);
}

SF_WATCHED ssize_t
watched_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *from_len, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(recvfrom, site, fd, buf, len, flags);

	if (sf_enter(&c))
		return answered_from(&c, from, from_len);
	return heard(&c, real_recvfrom(fd, buf, c.len, c.flags, from, from_len), from, from_len);
}

SF_WATCHED ssize_t brief_recvfrom(
    int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *from_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_BRIEF(
	    recvfrom, SF_RECV, flags, real_recvfrom(fd, buf, len, flags, from, from_len),
	    watched_recvfrom(fd, buf, len, flags, from, from_len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t counted_recvfrom(
    int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *from_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_COUNTED(
	    recvfrom, SF_RECV, flags, real_recvfrom(fd, buf, len, flags, from, from_len),
	    watched_recvfrom(fd, buf, len, flags, from, from_len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_recvfrom(
    int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *from_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_QUICK(
	    recvfrom, SF_RECV, flags, real_recvfrom(fd, buf, len, flags, from, from_len),
	    counted_recvfrom(fd, buf, len, flags, from, from_len, entry, frame_end));
}

SF_EXPORT ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *from_len)
{
	struct sf_way way;

	if (sf_idle_way(SF_RECV, fd, &way))
		return real_recvfrom(fd, buf, len, flags, from, from_len);
	if (sf_is_counted(SF_RECV, &way))
		return quick_recvfrom(fd, buf, len, flags, from, from_len, way.entry, SF_FRAME_END);
	if (sf_is_recorded(&way))
		return brief_recvfrom(fd, buf, len, flags, from, from_len, way.entry, SF_FRAME_END);
	return watched_recvfrom(fd, buf, len, flags, from, from_len, SF_SITE);
}

SF_WATCHED ssize_t watched_recvfrom_chk(
    int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *from, socklen_t *from_len, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(__recvfrom_chk, site, fd, buf, len, flags);

	if (sf_enter(&c))
		return answered_from(&c, from, from_len);
	return heard(&c, real___recvfrom_chk(fd, buf, c.len, room, c.flags, from, from_len), from, from_len);
}

SF_WATCHED ssize_t brief_recvfrom_chk(
    int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *from, socklen_t *from_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_BRIEF(
	    __recvfrom_chk, SF_RECV, flags, real___recvfrom_chk(fd, buf, len, room, flags, from, from_len),
	    watched_recvfrom_chk(fd, buf, len, room, flags, from, from_len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t counted_recvfrom_chk(
    int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *from, socklen_t *from_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_COUNTED(
	    __recvfrom_chk, SF_RECV, flags, real___recvfrom_chk(fd, buf, len, room, flags, from, from_len),
	    watched_recvfrom_chk(fd, buf, len, room, flags, from, from_len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_recvfrom_chk(
    int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *from, socklen_t *from_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_QUICK(
	    __recvfrom_chk, SF_RECV, flags, real___recvfrom_chk(fd, buf, len, room, flags, from, from_len),
	    counted_recvfrom_chk(fd, buf, len, room, flags, from, from_len, entry, frame_end));
}

SF_EXPORT ssize_t
__recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *from, socklen_t *from_len)
{
	struct sf_way way;

	if (sf_idle_way(SF_RECV, fd, &way))
		return real___recvfrom_chk(fd, buf, len, room, flags, from, from_len);
	if (sf_is_counted(SF_RECV, &way))
		return quick_recvfrom_chk(fd, buf, len, room, flags, from, from_len, way.entry, SF_FRAME_END);
	if (sf_is_recorded(&way))
		return brief_recvfrom_chk(fd, buf, len, room, flags, from, from_len, way.entry, SF_FRAME_END);
	return watched_recvfrom_chk(fd, buf, len, room, flags, from, from_len, SF_SITE);
}

/* Descriptors may have come with it; of a datagram the sender is known now. */
static int64_t message_arrived(struct sf_call *c, int64_t ret, const struct msghdr *msg)
{
	if (ret >= 0 && msg->msg_controllen > 0)
		sf_track_received(msg, c->event);
	if (ret >= 0 && msg->msg_name)
		sf_call_heard_from(c, msg->msg_name, msg->msg_namelen);
	return sf_leave(c, ret);
}

SF_WATCHED ssize_t watched_recvmsg(int fd, struct msghdr *msg, int flags, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_MESSAGE(recvmsg, site, fd, msg, flags, &cut);

	if (sf_enter(&c))
		return c.ret;
	ssize_t ret = real_recvmsg(fd, c.msg, c.flags);

	return message_arrived(&c, ret, c.msg);
}

SF_EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (sf_unwatched(SF_RECV) && !sf_fd_is_socket(fd))
		return real_recvmsg(fd, msg, flags);
	return watched_recvmsg(fd, msg, flags, SF_SITE);
}

SF_WATCHED int
watched_recvmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_MESSAGES(recvmmsg, site, fd, msgs, count, flags, &cut);

	if (sf_enter(&c))
		return (int)c.ret;
	int ret = real_recvmmsg(fd, c.mmsg, (unsigned)c.count, c.flags, timeout);

	for (int i = 1; i < ret; i++)
		if (c.mmsg[i].msg_hdr.msg_controllen > 0)
			sf_track_received(&c.mmsg[i].msg_hdr, c.event);
	return (int)(ret > 0 ? message_arrived(&c, ret, &c.mmsg[0].msg_hdr) : sf_leave(&c, ret));
}

SF_EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout)
{
	if (sf_unwatched(SF_RECV) && !sf_fd_is_socket(fd))
		return real_recvmmsg(fd, msgs, count, flags, timeout);
	return watched_recvmmsg(fd, msgs, count, flags, timeout, SF_SITE);
}

SF_WATCHED ssize_t watched_read(int fd, void *buf, size_t len, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(read, site, fd, buf, len, 0);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_read(fd, buf, c.len));
}

SF_WATCHED ssize_t brief_read(int fd, void *buf, size_t len, uint64_t entry, const void *const *frame_end)
{
	SF_BRIEF(read, SF_RECV, 0, real_read(fd, buf, len), watched_read(fd, buf, len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t counted_read(int fd, void *buf, size_t len, uint64_t entry, const void *const *frame_end)
{
	SF_COUNTED(read, SF_RECV, 0, real_read(fd, buf, len), watched_read(fd, buf, len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_read(int fd, void *buf, size_t len, uint64_t entry)
{
	SF_QUICK(read, SF_RECV, 0, real_read(fd, buf, len), counted_read(fd, buf, len, entry, SF_FRAME_END));
}

SF_EXPORT ssize_t read(int fd, void *buf, size_t len)
{
	struct sf_way way;

	if (sf_idle_way(SF_RECV, fd, &way))
		return real_read(fd, buf, len);
	if (sf_is_counted(SF_RECV, &way))
		return quick_read(fd, buf, len, way.entry);
	if (sf_is_recorded(&way))
		return brief_read(fd, buf, len, way.entry, SF_FRAME_END);
	return watched_read(fd, buf, len, SF_SITE);
}

SF_WATCHED ssize_t watched_read_chk(int fd, void *buf, size_t len, size_t room, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(__read_chk, site, fd, buf, len, 0);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real___read_chk(fd, buf, c.len, room));
}

SF_WATCHED ssize_t
brief_read_chk(int fd, void *buf, size_t len, size_t room, uint64_t entry, const void *const *frame_end)
{
	SF_BRIEF(
	    __read_chk, SF_RECV, 0, real___read_chk(fd, buf, len, room),
	    watched_read_chk(fd, buf, len, room, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t
counted_read_chk(int fd, void *buf, size_t len, size_t room, uint64_t entry, const void *const *frame_end)
{
	SF_COUNTED(
	    __read_chk, SF_RECV, 0, real___read_chk(fd, buf, len, room),
	    watched_read_chk(fd, buf, len, room, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_read_chk(int fd, void *buf, size_t len, size_t room, uint64_t entry)
{
	SF_QUICK(
	    __read_chk, SF_RECV, 0, real___read_chk(fd, buf, len, room),
	    counted_read_chk(fd, buf, len, room, entry, SF_FRAME_END));
}

SF_EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	struct sf_way way;

	if (sf_idle_way(SF_RECV, fd, &way))
		return real___read_chk(fd, buf, len, room);
	if (sf_is_counted(SF_RECV, &way))
		return quick_read_chk(fd, buf, len, room, way.entry);
	if (sf_is_recorded(&way))
		return brief_read_chk(fd, buf, len, room, way.entry, SF_FRAME_END);
	return watched_read_chk(fd, buf, len, room, SF_SITE);
}

SF_WATCHED ssize_t watched_readv(int fd, const struct iovec *iov, int count, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_VECTOR(readv, site, fd, iov, count, &cut);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_readv(fd, c.iov, c.count));
}

SF_WATCHED ssize_t brief_readv(int fd, const struct iovec *iov, int count, uint64_t entry, const void *const *frame_end)
{
	SF_BRIEF_VECTOR(
	    readv, SF_RECV, real_readv(fd, iov, count), watched_readv(fd, iov, count, sf_site_below(frame_end)));
}

SF_EXPORT ssize_t readv(int fd, const struct iovec *iov, int count)
{
	struct sf_way way;

	if (sf_idle_way(SF_RECV, fd, &way))
		return real_readv(fd, iov, count);
	if (sf_is_recorded(&way))
		return brief_readv(fd, iov, count, way.entry, SF_FRAME_END);
	return watched_readv(fd, iov, count, SF_SITE);
}

/* On a socket at must be -1: the kernel says so itself. */
SF_WATCHED ssize_t watched_preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_VECTOR(preadv2, site, fd, iov, count, &cut);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_preadv2(fd, c.iov, c.count, at, flags));
}

SF_EXPORT ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	if (sf_idle(SF_RECV, fd))
		return real_preadv2(fd, iov, count, at, flags);
	return watched_preadv2(fd, iov, count, at, flags, SF_SITE);
}

SF_EXPORT ssize_t preadv64v2(int fd, const struct iovec *iov, int count, off64_t at, int flags)
    __attribute__((alias("preadv2")));
SF_EXPORT ssize_t __read(int fd, void *buf, size_t len) __attribute__((alias("read")));
