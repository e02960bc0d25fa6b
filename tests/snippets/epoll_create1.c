/* SPDX-License-Identifier: MIT
 *
 * epoll_create1.c -- epoll_create1, with its flag and with one that there is not. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int plain = (int)SAY(epoll_create1(0)), flagged = (int)SAY(epoll_create1(EPOLL_CLOEXEC));

	SAY(fcntl(plain, F_GETFD));
	SAY(fcntl(flagged, F_GETFD));
	SAY(epoll_create1(12345));
	close_all((int[]){plain, flagged}, 2);
	return 0;
}
