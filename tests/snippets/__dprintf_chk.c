/* SPDX-License-Identifier: MIT
 *
 * __dprintf_chk.c -- the fortified dprintf: on a socket, whose peer leaves.
 */
#include "snippet.h"

int __dprintf_chk(int fd, int flag, const char *format, ...);

int snippet(void)
{
	int ends[2], number = 0;
	char data[64];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(__dprintf_chk(ends[0], 1, "%d %s%n", 42, "words", &number));
	say("%d", number);
	ssize_t count = SAY(recv(ends[1], data, sizeof(data), 0));
	say_bytes("came", data, (size_t)count);
	errno = ENOENT;
	say("%d", __dprintf_chk(ends[0], 1, "%m"));
	count = SAY(recv(ends[1], data, sizeof(data), 0));
	say_bytes("came", data, (size_t)count);
	close(ends[1]);
	signal(SIGPIPE, SIG_IGN);
	SAY(__dprintf_chk(ends[0], 1, "nobody"));
	close(ends[0]);
	SAY(__dprintf_chk(closed_number(), 1, "nowhere"));
	return 0;
}
