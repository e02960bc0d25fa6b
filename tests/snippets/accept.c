/* SPDX-License-Identifier: MIT
 *
 * accept.c -- accept, in all the cases of accepting. Async-signal-safe.
 */
#include "snippet.h"

static int take(int fd, struct sockaddr *peer, socklen_t *length)
{
	return accept(fd, peer, length);
}

int snippet(void)
{
	accept_cases(take);
	return 0;
}
