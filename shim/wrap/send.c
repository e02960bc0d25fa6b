/* SPDX-License-Identifier: MIT
 *
 * wrap/send.c -- the names by which bytes go out. Each body: pass if idle, describe, enter, the real call, leave.
 */
#include "brief.h"
#include "gate.h"
#include "track.h"

SF_WATCHED ssize_t watched_send(int fd, const void *buf, size_t len, int flags, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(send, site, fd, buf, len, flags);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_send(fd, buf, c.len, c.flags));
}

SF_WATCHED ssize_t
brief_send(int fd, const void *buf, size_t len, int flags, uint64_t entry, const void *const *frame_end)
{
	SF_BRIEF(
	    send, SF_SEND, flags, real_send(fd, buf, len, flags),
	    watched_send(fd, buf, len, flags, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t
counted_send(int fd, const void *buf, size_t len, int flags, uint64_t entry, const void *const *frame_end)
{
	SF_COUNTED(
	    send, SF_SEND, flags, real_send(fd, buf, len, flags),
	    watched_send(fd, buf, len, flags, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_send(int fd, const void *buf, size_t len, int flags, uint64_t entry)
{
	SF_QUICK(
	    send, SF_SEND, flags, real_send(fd, buf, len, flags), counted_send(fd, buf, len, flags, entry, SF_FRAME_END));
}

SF_EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	struct sf_way way;

	if (sf_idle_way(SF_SEND, fd, &way))
		return real_send(fd, buf, len, flags);
	if (sf_is_counted(SF_SEND, &way))
		return quick_send(fd, buf, len, flags, way.entry);
	if (sf_is_recorded(&way))
		return brief_send(fd, buf, len, flags, way.entry, SF_FRAME_END);
	return watched_send(fd, buf, len, flags, SF_SITE);
}

SF_WATCHED ssize_t watched_sendto(
    int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(sendto, site, fd, buf, len, flags);

	sf_call_goes_to(&c, to, to_len);
	if (flags & MSG_FASTOPEN)
		sf_track_connect(fd, to, to_len);
	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_sendto(fd, buf, c.len, c.flags, to, to_len));
}

SF_WATCHED ssize_t brief_sendto(
    int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_BRIEF(
	    sendto, SF_SEND, flags, real_sendto(fd, buf, len, flags, to, to_len),
	    watched_sendto(fd, buf, len, flags, to, to_len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t counted_sendto(
    int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_COUNTED(
	    sendto, SF_SEND, flags, real_sendto(fd, buf, len, flags, to, to_len),
	    watched_sendto(fd, buf, len, flags, to, to_len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_sendto(
    int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len, uint64_t entry,
    const void *const *frame_end)
{
	SF_QUICK(
	    sendto, SF_SEND, flags, real_sendto(fd, buf, len, flags, to, to_len),
	    counted_sendto(fd, buf, len, flags, to, to_len, entry, frame_end));
}

SF_EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	struct sf_way way;

	if (sf_idle_way(SF_SEND, fd, &way))
		return real_sendto(fd, buf, len, flags, to, to_len);
	if (sf_is_counted(SF_SEND, &way))
		return quick_sendto(fd, buf, len, flags, to, to_len, way.entry, SF_FRAME_END);
	if (sf_is_recorded(&way))
		return brief_sendto(fd, buf, len, flags, to, to_len, way.entry, SF_FRAME_END);
	return watched_sendto(fd, buf, len, flags, to, to_len, SF_SITE);
}

/* Descriptors may go with it, through a Unix socket. Known also while nothing is watched: rules may be about who
 * receives them. */
static inline void note_rights(int fd, const struct msghdr *msg)
{
	const struct sf_socket *socket = sf_fd_socket(fd);

	if (socket && socket->family == SF_UNIX && sf_readable(msg) && (uint32_t)msg->msg_controllen > 0 &&
	    sf_readable(msg->msg_control))
		sf_track_sent(msg);
}

static inline void note_rights_of_all(int fd, const struct mmsghdr *msgs, unsigned count)
{
	enum { TAKEN = 1024 }; /* of more the kernel sends no more */

	for (unsigned i = 0; sf_readable(msgs) && i < count && i < TAKEN; i++)
		note_rights(fd, &msgs[i].msg_hdr);
}

SF_WATCHED ssize_t watched_sendmsg(int fd, const struct msghdr *msg, int flags, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_MESSAGE(sendmsg, site, fd, (struct msghdr *)(uintptr_t)msg, flags, &cut);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_sendmsg(fd, c.msg, c.flags));
}

SF_EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	note_rights(fd, msg);
	if (sf_idle(SF_SEND, fd))
		return real_sendmsg(fd, msg, flags);
	return watched_sendmsg(fd, msg, flags, SF_SITE);
}

SF_WATCHED int watched_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_MESSAGES(sendmmsg, site, fd, msgs, count, flags, &cut);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_sendmmsg(fd, c.mmsg, (unsigned)c.count, c.flags));
}

SF_EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	note_rights_of_all(fd, msgs, count);
	if (sf_idle(SF_SEND, fd))
		return real_sendmmsg(fd, msgs, count, flags);
	return watched_sendmmsg(fd, msgs, count, flags, SF_SITE);
}

SF_WATCHED ssize_t watched_write(int fd, const void *buf, size_t len, const void *site)
{
	struct sf_call c = SF_CALL_BUFFER(write, site, fd, buf, len, 0);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_write(fd, buf, c.len));
}

SF_WATCHED ssize_t brief_write(int fd, const void *buf, size_t len, uint64_t entry, const void *const *frame_end)
{
	SF_BRIEF(write, SF_SEND, 0, real_write(fd, buf, len), watched_write(fd, buf, len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t counted_write(int fd, const void *buf, size_t len, uint64_t entry, const void *const *frame_end)
{
	SF_COUNTED(write, SF_SEND, 0, real_write(fd, buf, len), watched_write(fd, buf, len, sf_site_below(frame_end)));
}

SF_WATCHED ssize_t quick_write(int fd, const void *buf, size_t len, uint64_t entry)
{
	SF_QUICK(write, SF_SEND, 0, real_write(fd, buf, len), counted_write(fd, buf, len, entry, SF_FRAME_END));
}

SF_EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
	struct sf_way way;

	if (sf_idle_way(SF_SEND, fd, &way))
		return real_write(fd, buf, len);
	if (sf_is_counted(SF_SEND, &way))
		return quick_write(fd, buf, len, way.entry);
	if (sf_is_recorded(&way))
		return brief_write(fd, buf, len, way.entry, SF_FRAME_END);
	return watched_write(fd, buf, len, SF_SITE);
}

SF_WATCHED ssize_t watched_writev(int fd, const struct iovec *iov, int count, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_VECTOR(writev, site, fd, iov, count, &cut);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_writev(fd, c.iov, c.count));
}

SF_WATCHED ssize_t
brief_writev(int fd, const struct iovec *iov, int count, uint64_t entry, const void *const *frame_end)
{
	SF_BRIEF_VECTOR(
	    writev, SF_SEND, real_writev(fd, iov, count), watched_writev(fd, iov, count, sf_site_below(frame_end)));
}

SF_EXPORT ssize_t writev(int fd, const struct iovec *iov, int count)
{
	struct sf_way way;

	if (sf_idle_way(SF_SEND, fd, &way))
		return real_writev(fd, iov, count);
	if (sf_is_recorded(&way))
		return brief_writev(fd, iov, count, way.entry, SF_FRAME_END);
	return watched_writev(fd, iov, count, SF_SITE);
}

SF_WATCHED ssize_t watched_pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_VECTOR(pwritev2, site, fd, iov, count, &cut);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_pwritev2(fd, c.iov, c.count, at, flags));
}

SF_EXPORT ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	if (sf_idle(SF_SEND, fd))
		return real_pwritev2(fd, iov, count, at, flags);
	return watched_pwritev2(fd, iov, count, at, flags, SF_SITE);
}

/* The bytes come from a file or a pipe, and are never seen: their number is all that a fault can change. */
SF_WATCHED ssize_t watched_sendfile(int out, int in, off_t *at, size_t len, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(sendfile, site, out, .asked = len, .len = len);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_sendfile(out, in, at, c.len));
}

SF_EXPORT ssize_t sendfile(int out, int in, off_t *at, size_t len)
{
	if (sf_idle(SF_SEND, out))
		return real_sendfile(out, in, at, len);
	return watched_sendfile(out, in, at, len, SF_SITE);
}

/* Into a socket it sends, out of one it receives; between pipes and files it is not ours. */
SF_EXPORT ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t len, unsigned flags)
{
	bool sends = sf_fd_is_socket(out);

	if (sf_idle(sends ? SF_SEND : SF_RECV, sends ? out : in))
		return real_splice(in, in_at, out, out_at, len, flags);
	struct sf_call c = SF_CALL_PLAIN(splice, SF_SITE, sends ? out : in, .asked = len, .len = len);

	c.operation = sends ? SF_SEND : SF_RECV;
	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_splice(in, in_at, out, out_at, c.len, flags));
}

/* Fills a pipe; a socket is refused by the kernel. Here so that nothing that moves bytes is missing. */
SF_WATCHED ssize_t watched_vmsplice(int fd, const struct iovec *iov, size_t count, unsigned flags, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_VECTOR(vmsplice, site, fd, iov, count, &cut);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_vmsplice(fd, c.iov, (size_t)c.count, flags));
}

SF_EXPORT ssize_t vmsplice(int fd, const struct iovec *iov, size_t count, unsigned flags)
{
	if (sf_idle(SF_SEND, fd))
		return real_vmsplice(fd, iov, count, flags);
	return watched_vmsplice(fd, iov, count, flags, SF_SITE);
}

SF_EXPORT ssize_t __send(int fd, const void *buf, size_t len, int flags) __attribute__((alias("send")));
SF_EXPORT ssize_t __write(int fd, const void *buf, size_t len) __attribute__((alias("write")));
SF_EXPORT ssize_t pwritev64v2(int fd, const struct iovec *iov, int count, off64_t at, int flags)
    __attribute__((alias("pwritev2")));
SF_EXPORT ssize_t sendfile64(int out, int in, off64_t *at, size_t len) __attribute__((alias("sendfile")));
