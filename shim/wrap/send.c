/* SPDX-License-Identifier: MIT
 *
 * wrap/send.c -- the names by which bytes go out. Each body: pass if idle, describe, enter, the real call, leave.
 */
#include "gate.h"
#include "track.h"

SF_EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	if (sf_idle(SF_SEND, fd))
		return real_send(fd, buf, len, flags);
	struct sf_call c = SF_CALL_BUFFER(send, fd, buf, len, flags);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_send(fd, buf, c.len, c.flags));
}

SF_EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	if (sf_idle(SF_SEND, fd))
		return real_sendto(fd, buf, len, flags, to, to_len);
	struct sf_call c = SF_CALL_BUFFER(sendto, fd, buf, len, flags);

	sf_call_goes_to(&c, to, to_len);
	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_sendto(fd, buf, c.len, c.flags, to, to_len));
}

SF_EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	if (sf_idle(SF_SEND, fd))
		return real_sendmsg(fd, msg, flags);
	struct sf_call c = SF_CALL_MESSAGE(sendmsg, fd, (struct msghdr *)(uintptr_t)msg, flags);

	if (sf_readable(msg))
		sf_call_goes_to(&c, msg->msg_name, msg->msg_namelen);
	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_sendmsg(fd, c.msg, c.flags));
}

SF_EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	if (sf_idle(SF_SEND, fd))
		return real_sendmmsg(fd, msgs, count, flags);
	struct sf_call c = SF_CALL_MESSAGES(sendmmsg, fd, msgs, count, flags);

	if (sf_readable(msgs) && count > 0)
		sf_call_goes_to(&c, msgs[0].msg_hdr.msg_name, msgs[0].msg_hdr.msg_namelen);
	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_sendmmsg(fd, c.mmsg, (unsigned)c.count, c.flags));
}

SF_EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
	if (sf_idle(SF_SEND, fd))
		return real_write(fd, buf, len);
	struct sf_call c = SF_CALL_BUFFER(write, fd, buf, len, 0);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_write(fd, buf, c.len));
}

SF_EXPORT ssize_t writev(int fd, const struct iovec *iov, int count)
{
	if (sf_idle(SF_SEND, fd))
		return real_writev(fd, iov, count);
	struct sf_call c = SF_CALL_VECTOR(writev, fd, iov, count);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_writev(fd, c.iov, c.count));
}

SF_EXPORT ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	if (sf_idle(SF_SEND, fd))
		return real_pwritev2(fd, iov, count, at, flags);
	struct sf_call c = SF_CALL_VECTOR(pwritev2, fd, iov, count);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_pwritev2(fd, c.iov, c.count, at, flags));
}

/* The bytes come from a file or a pipe, and are never seen: their number is all that a fault can change. */
SF_EXPORT ssize_t sendfile(int out, int in, off_t *at, size_t len)
{
	if (sf_idle(SF_SEND, out))
		return real_sendfile(out, in, at, len);
	struct sf_call c = SF_CALL_PLAIN(sendfile, out, .asked = len, .len = len);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_sendfile(out, in, at, c.len));
}

/* Into a socket it sends, out of one it receives; between pipes and files it is not ours. */
SF_EXPORT ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t len, unsigned flags)
{
	bool sends = sf_fd_socket(out) != 0;

	if (sf_idle(sends ? SF_SEND : SF_RECV, sends ? out : in))
		return real_splice(in, in_at, out, out_at, len, flags);
	struct sf_call c = SF_CALL_PLAIN(splice, sends ? out : in, .asked = len, .len = len);

	c.operation = sends ? SF_SEND : SF_RECV;
	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_splice(in, in_at, out, out_at, c.len, flags));
}

/* Fills a pipe; a socket is refused by the kernel. Here so that nothing that moves bytes is missing. */
SF_EXPORT ssize_t vmsplice(int fd, const struct iovec *iov, size_t count, unsigned flags)
{
	if (sf_idle(SF_SEND, fd))
		return real_vmsplice(fd, iov, count, flags);
	struct sf_call c = SF_CALL_VECTOR(vmsplice, fd, iov, count);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_vmsplice(fd, c.iov, (size_t)c.count, flags));
}

SF_EXPORT ssize_t __send(int fd, const void *buf, size_t len, int flags) __attribute__((alias("send")));
SF_EXPORT ssize_t __write(int fd, const void *buf, size_t len) __attribute__((alias("write")));
SF_EXPORT ssize_t pwritev64v2(int fd, const struct iovec *iov, int count, off64_t at, int flags)
	__attribute__((alias("pwritev2")));
SF_EXPORT ssize_t sendfile64(int out, int in, off64_t *at, size_t len) __attribute__((alias("sendfile")));
