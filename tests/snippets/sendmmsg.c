/* SPDX-License-Identifier: MIT
 *
 * sendmmsg.c -- sendmmsg, in all the cases of sending, and several messages at once. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t put(int fd, const void *buffer, size_t length)
{
	struct iovec vector = {.iov_base = (void *)(size_t)buffer, .iov_len = length};
	struct mmsghdr messages[] = {{.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}}};
	int count = sendmmsg(fd, messages, 1, MSG_NOSIGNAL);

	return count == 1 ? (ssize_t)messages[0].msg_len : count;
}

int snippet(void)
{
	struct iovec parts[] = {{"one", 3}, {"", 0}, {"three", 5}};
	struct mmsghdr messages[3] = {0};
	char buffer[16];
	int ends[2];

	put_cases(put);
	make_udp(ends);
	for (int i = 0; i < 3; i++)
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	SAY(sendmmsg(ends[0], messages, 3, 0));
	for (int i = 0; i < 3; i++) {
		say("message %d: %u", i, messages[i].msg_len);
		SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	}
	SAY(sendmmsg(ends[0], messages, 0, 0));
#ifdef __GLIBC__ /* musl does not look, and dies of it */
	SAY(sendmmsg(ends[0], bad_pointer(), 1, 0));
#endif
	close_all(ends, 2);
	return 0;
}
