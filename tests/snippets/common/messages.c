/* SPDX-License-Identifier: MIT
 *
 * messages.c -- messages with vectors and descriptors in them, for sendmsg, recvmsg and their many-at-once kin.
 */
#include "../snippet.h"

void passing_make(struct passing *passing, int fd)
{
	memset(passing, 0, sizeof(*passing));
	passing->message = (struct msghdr){
	    .msg_iov = &passing->vector,
	    .msg_iovlen = 1,
	    .msg_control = passing->control,
	    .msg_controllen = sizeof(passing->control),
	};
	passing->vector = (struct iovec){.iov_base = passing->data, .iov_len = sizeof(passing->data)};
	if (fd < 0)
		return;
	struct cmsghdr *header = CMSG_FIRSTHDR(&passing->message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

void passing_say(struct passing *passing)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(&passing->message);
	char text[32] = "";
	int fd;

	say("  flags %#x, %u bytes of control", (unsigned)passing->message.msg_flags,
	    (unsigned)passing->message.msg_controllen);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	say("  descriptor %d came along", fd);
	say_bytes("  in it", text, (size_t)pread(fd, text, sizeof(text), 0));
	close(fd);
}
