/* SPDX-License-Identifier: MIT
 *
 * __recv_chk.c -- what a fortified recv calls, in all the cases of receiving, and with flags. Async-signal-safe.
 */
#include "snippet.h"

ssize_t __recv_chk(int fd, void *buffer, size_t length, size_t size, int flags);

static ssize_t take(int fd, void *buffer, size_t length)
{
	return __recv_chk(fd, buffer, length, (size_t)-1, 0);
}

static ssize_t take_flags(int fd, void *buffer, size_t length, int flags)
{
	return __recv_chk(fd, buffer, length, length, flags);
}

int snippet(void)
{
	take_cases(take);
	take_flag_cases(take_flags);
	return 0;
}
