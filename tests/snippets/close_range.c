/* SPDX-License-Identifier: MIT
 *
 * close_range.c -- close_range of sockets, files and holes; with its flags; backwards. Async-signal-safe.
 */
#include "snippet.h"
#include <linux/close_range.h>

int snippet(void)
{
	int tcp[3];
	char byte;

	make_tcp(tcp);
	unsigned first = (unsigned)tcp[LISTENER];
	SAY(close_range(first + 1, first + 1, 0));
	SAY(fcntl((int)first + 1, F_GETFD));
	SAY(close_range(first, first, CLOSE_RANGE_CLOEXEC));
	SAY(fcntl((int)first, F_GETFD));
	SAY(close_range(first + 1, first, 0));
	SAY(close_range(first, first, 77));
	SAY(recv(tcp[SERVER], &byte, 1, MSG_DONTWAIT));
	SAY(close_range(first, ~0U, CLOSE_RANGE_UNSHARE));
	SAY(fcntl((int)first, F_GETFD));
	SAY(socket(AF_INET, SOCK_STREAM, 0));
	return 0;
}
