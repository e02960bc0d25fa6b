/* SPDX-License-Identifier: MIT
 *
 * shutdown.c -- shutdown of each direction, twice, and of what can't be shut down. Async-signal-safe.
 */
#include "snippet.h"

static void shut(const char *what, int fd, int peer)
{
	char byte;

	say("%s", what);
	SAY(shutdown(fd, SHUT_WR));
	await_input(peer);
	SAY(recv(peer, &byte, 1, 0));
	SAY(shutdown(fd, SHUT_WR));
	SAY(send(peer, "x", 1, MSG_NOSIGNAL));
	await_input(fd);
	SAY(shutdown(fd, SHUT_RD));
	SAY(shutdown(fd, 77));
	SAY(recv(fd, &byte, 1, 0));
	SAY(send(fd, "x", 1, MSG_NOSIGNAL));
	SAY(shutdown(fd, SHUT_RDWR));
}

int snippet(void)
{
	int tcp[3], ends[2], file = make_file(""), unconnected = socket(AF_INET, SOCK_STREAM, 0);

	make_tcp(tcp);
	shut("TCP", tcp[CLIENT], tcp[SERVER]);
	SAY(shutdown(tcp[LISTENER], SHUT_RDWR));
	SAY(accept(tcp[LISTENER], NULL, NULL));
	close_all(tcp, 3);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	shut("a Unix stream", ends[0], ends[1]);
	close_all(ends, 2);
	SAY(shutdown(unconnected, SHUT_RDWR));
	SAY(shutdown(file, SHUT_RDWR));
	SAY(shutdown(-1, SHUT_RDWR));
	SAY(shutdown(closed_number(), SHUT_RDWR));
	close_all((int[]){file, unconnected}, 2);
	return 0;
}
