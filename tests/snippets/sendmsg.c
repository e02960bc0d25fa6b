/* SPDX-License-Identifier: MIT
 *
 * sendmsg.c -- sendmsg, in all the cases of sending, with vectors, addresses and descriptors. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t put(int fd, const void *buffer, size_t length)
{
	struct iovec vector = {.iov_base = (void *)(size_t)buffer, .iov_len = length};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	return sendmsg(fd, &message, 0);
}

static void pass_descriptor(void)
{
	struct passing out, in;
	int ends[2], file = make_file("the file");

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	passing_make(&out, file);
	passing_make(&in, -1);
	memcpy(out.data, "rides on me", 11);
	SAY(sendmsg(ends[0], &out.message, MSG_NOSIGNAL));
	in.vector.iov_len = 1;
	SAY(recvmsg(ends[1], &in.message, MSG_CMSG_CLOEXEC));
	passing_say(&in);
	close_all((int[]){ends[0], ends[1], file}, 3);
}

static void vectors(void)
{
	struct iovec parts[] = {{"a", 1}, {NULL, 0}, {"bcd", 3}, {"", 0}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 4};
	char buffer[16];
	int ends[2];

	make_pair(AF_UNIX, SOCK_SEQPACKET, ends);
	SAY(sendmsg(ends[0], &message, 0));
	message.msg_iovlen = 0;
	SAY(sendmsg(ends[0], &message, 0));
	message.msg_iovlen = 100000;
	SAY(sendmsg(ends[0], &message, 0));
#ifdef __GLIBC__ /* musl does not look, and dies of it */
	SAY(sendmsg(ends[0], bad_pointer(), 0));
#endif
	say_bytes("arrived", buffer, (size_t)recv(ends[1], buffer, sizeof(buffer), 0));
	close_all(ends, 2);
}

int snippet(void)
{
	put_cases(put);
	pass_descriptor();
	vectors();
	return 0;
}
