/* SPDX-License-Identifier: MIT
 *
 * __read_chk.c -- what a fortified read calls, in all the cases of receiving. Async-signal-safe.
 */
#include "snippet.h"

ssize_t __read_chk(int fd, void *buffer, size_t length, size_t size);

static ssize_t take(int fd, void *buffer, size_t length)
{
	return __read_chk(fd, buffer, length, (size_t)-1);
}

int snippet(void)
{
	char buffer[4];
	int ends[2];

	take_cases(take);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(write(ends[0], "abcd", 4));
	SAY(__read_chk(ends[1], buffer, 4, 4));
	close_all(ends, 2);
	return 0;
}
