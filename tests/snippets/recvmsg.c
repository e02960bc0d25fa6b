/* SPDX-License-Identifier: MIT
 *
 * recvmsg.c -- recvmsg, in all the cases of receiving, with flags, addresses and descriptors. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t take_flags(int fd, void *buffer, size_t length, int flags)
{
	struct iovec vector = {.iov_base = buffer, .iov_len = length};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	ssize_t got = recvmsg(fd, &message, flags);

	if (got >= 0)
		say("  flags %#x", (unsigned)message.msg_flags);
	return got;
}

static ssize_t take(int fd, void *buffer, size_t length)
{
	return take_flags(fd, buffer, length, 0);
}

static void receive_descriptor(int flags)
{
	struct passing out, in;
	int ends[2], file = make_file("the file");

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	passing_make(&out, file);
	SAY(sendmsg(ends[0], &out.message, 0));
	passing_make(&in, -1);
	SAY(recvmsg(ends[1], &in.message, flags));
	passing_say(&in);
	passing_make(&in, -1);
	SAY(recvmsg(ends[1], &in.message, MSG_DONTWAIT));
	close_all((int[]){ends[0], ends[1], file}, 3);
}

static void cut_control(void)
{
	struct passing out, in;
	int ends[2], file = make_file("the file");

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	passing_make(&out, file);
	SAY(sendmsg(ends[0], &out.message, 0));
	passing_make(&in, -1);
	in.message.msg_controllen = 0;
	SAY(recvmsg(ends[1], &in.message, 0));
	say("  flags %#x", (unsigned)in.message.msg_flags);
	in.message.msg_iovlen = 0;
	SAY(recvmsg(ends[1], &in.message, MSG_DONTWAIT));
#ifdef __GLIBC__ /* musl does not look, and dies of it */
	SAY(recvmsg(ends[1], bad_pointer(), MSG_DONTWAIT));
#endif
	close_all((int[]){ends[0], ends[1], file}, 3);
}

int snippet(void)
{
	take_cases(take);
	take_flag_cases(take_flags);
	receive_descriptor(0);
	receive_descriptor(MSG_PEEK);
	cut_control();
	return 0;
}
