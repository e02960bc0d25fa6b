/* SPDX-License-Identifier: MIT
 *
 * accept4.c -- accept4, in all the cases of accepting, with its flags. Async-signal-safe.
 */
#include "snippet.h"

static int plain(int fd, struct sockaddr *peer, socklen_t *length)
{
	return accept4(fd, peer, length, 0);
}

static int flagged(int fd, struct sockaddr *peer, socklen_t *length)
{
	return accept4(fd, peer, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int snippet(void)
{
	accept_cases(plain);
	accept_cases(flagged);
	SAY(accept4(-1, NULL, NULL, 12345));
	return 0;
}
