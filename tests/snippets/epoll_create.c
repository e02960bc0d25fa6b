/* SPDX-License-Identifier: MIT
 *
 * epoll_create.c -- epoll_create, with a size that must be positive. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int fd = (int)SAY(epoll_create(1));

	SAY(fcntl(fd, F_GETFD));
	SAY(epoll_create(0));
	SAY(epoll_create(-1));
	SAY(close(fd));
	return 0;
}
