/* SPDX-License-Identifier: MIT
 *
 * recv.c -- recv, in all the cases of receiving, and with flags. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t take(int fd, void *buffer, size_t length)
{
	return recv(fd, buffer, length, 0);
}

static ssize_t take_flags(int fd, void *buffer, size_t length, int flags)
{
	return recv(fd, buffer, length, flags);
}

int snippet(void)
{
	take_cases(take);
	take_flag_cases(take_flags);
	return 0;
}
