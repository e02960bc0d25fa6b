/* SPDX-License-Identifier: MIT
 *
 * getpeername.c -- getpeername, in all the cases of names. Async-signal-safe.
 */
#include "snippet.h"

static int get(int fd, struct sockaddr *address, socklen_t *length)
{
	return getpeername(fd, address, length);
}

int snippet(void)
{
	name_cases(get);
	return 0;
}
