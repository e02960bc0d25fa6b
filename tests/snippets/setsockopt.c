/* SPDX-License-Identifier: MIT
 *
 * setsockopt.c -- setsockopt: timeouts that work, water marks that work, what is refused. Async-signal-safe.
 */
#include "snippet.h"

static void set(const char *what, int fd, int level, int name, int value)
{
	socklen_t length = sizeof(value);

	say("%s", what);
	SAY(setsockopt(fd, level, name, &value, length));
	SAY(getsockopt(fd, level, name, &value, &length));
	say("  value %d", value);
}

int snippet(void)
{
	int tcp[3], ends[2], file = make_file(""), one = 1;
	struct timeval soon = {.tv_usec = 1000}, bad = {.tv_usec = 2000000};
	char byte;

	make_tcp(tcp);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	set("no delay", tcp[CLIENT], IPPROTO_TCP, TCP_NODELAY, 1);
	set("reuse", tcp[CLIENT], SOL_SOCKET, SO_REUSEADDR, 1);
	set("low water", tcp[SERVER], SOL_SOCKET, SO_RCVLOWAT, 4);
	set("low water", tcp[SERVER], SOL_SOCKET, SO_RCVLOWAT, 1);
	SAY(setsockopt(tcp[SERVER], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	SAY(recv(tcp[SERVER], &byte, 1, 0));
	SAY(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	SAY(read(ends[0], &byte, 1));
	SAY(setsockopt(tcp[LISTENER], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	SAY(accept(tcp[LISTENER], NULL, NULL));
	SAY(setsockopt(tcp[SERVER], SOL_SOCKET, SO_RCVTIMEO, &bad, sizeof(bad)));
	SAY(setsockopt(tcp[SERVER], SOL_SOCKET, SO_REUSEADDR, &one, 1));
	SAY(setsockopt(tcp[SERVER], SOL_SOCKET, 9999, &one, sizeof(one)));
	SAY(setsockopt(tcp[SERVER], SOL_SOCKET, SO_REUSEADDR, bad_pointer(), sizeof(one)));
	SAY(setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	SAY(setsockopt(-1, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	close_all(tcp, 3);
	close_all((int[]){ends[0], ends[1], file}, 3);
	return 0;
}
