/* SPDX-License-Identifier: MIT
 *
 * recvmmsg.c -- recvmmsg, in all the cases of receiving, several messages at once, with a timeout. Async-signal-safe.
 */
#include "snippet.h"
#include <time.h>

static ssize_t take_flags(int fd, void *buffer, size_t length, int flags)
{
	struct iovec vector = {.iov_base = buffer, .iov_len = length};
	struct mmsghdr messages[] = {{.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}}};
	int count = recvmmsg(fd, messages, 1, flags, NULL);

	return count == 1 ? (ssize_t)messages[0].msg_len : count;
}

static ssize_t take(int fd, void *buffer, size_t length)
{
	return take_flags(fd, buffer, length, 0);
}

int snippet(void)
{
	char buffers[3][8] = {{0}};
	struct iovec parts[3];
	struct mmsghdr messages[3] = {0};
	struct timespec soon = {.tv_sec = 1};
	int ends[2];

	take_cases(take);
	take_flag_cases(take_flags);
	make_udp(ends);
	for (int i = 0; i < 3; i++) {
		parts[i] = (struct iovec){buffers[i], sizeof(buffers[i])};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
		SAY(write(ends[0], "datagram number", (size_t)(i * 5)));
	}
	SAY(recvmmsg(ends[1], messages, 3, MSG_WAITFORONE, &soon));
	for (int i = 0; i < 3; i++)
		say("message %d: %u, flags %#x", i, messages[i].msg_len, (unsigned)messages[i].msg_hdr.msg_flags);
	SAY(recvmmsg(ends[1], messages, 3, MSG_DONTWAIT, NULL));
	SAY(recvmmsg(ends[1], messages, 0, 0, NULL));
#ifdef __GLIBC__ /* musl does not look, and dies of it */
	SAY(recvmmsg(ends[1], bad_pointer(), 1, MSG_DONTWAIT, NULL));
#endif
	close_all(ends, 2);
	return 0;
}
