/* SPDX-License-Identifier: MIT
 *
 * closefrom.c -- closefrom: what is above is gone, the program goes on. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int tcp[3], ends[2];
	char byte;

	make_tcp(tcp);
	errno = ERRNO_BEFORE;
	closefrom(tcp[SERVER]);
	say("errno %s", errno == ERRNO_BEFORE ? "untouched" : "changed");
	SAY(fcntl(tcp[SERVER], F_GETFD));
	SAY(recv(tcp[CLIENT], &byte, 1, 0));
	closefrom(3);
	SAY(recv(tcp[CLIENT], &byte, 1, 0));
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(write(ends[0], "x", 1));
	SAY(read(ends[1], &byte, 1));
	close_all(ends, 2);
	closefrom(-1);
	return 0;
}
