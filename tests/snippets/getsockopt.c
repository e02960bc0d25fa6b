/* SPDX-License-Identifier: MIT
 *
 * getsockopt.c -- getsockopt of what the kernel tells of sockets; short buffers; what has no options.
 * Async-signal-safe.
 */
#include "snippet.h"

static void ask(const char *what, int fd, int level, int name)
{
	int value = -7;
	socklen_t length = sizeof(value);

	say("%s", what);
	SAY(getsockopt(fd, level, name, &value, &length));
	say("  value %d, %d bytes", value, (int)length);
}

int snippet(void)
{
	int tcp[3], ends[2], file = make_file(""), value = 0;
	struct timeval timeout = {.tv_sec = 7};
	socklen_t length = sizeof(timeout);

	make_tcp(tcp);
	make_pair(AF_UNIX, SOCK_DGRAM, ends);
	ask("type", tcp[CLIENT], SOL_SOCKET, SO_TYPE);
	ask("domain", tcp[CLIENT], SOL_SOCKET, SO_DOMAIN);
	ask("protocol", tcp[CLIENT], SOL_SOCKET, SO_PROTOCOL);
	ask("listens", tcp[LISTENER], SOL_SOCKET, SO_ACCEPTCONN);
	ask("listens", tcp[SERVER], SOL_SOCKET, SO_ACCEPTCONN);
	ask("error", tcp[CLIENT], SOL_SOCKET, SO_ERROR);
	ask("error", ends[0], SOL_SOCKET, SO_ERROR);
	ask("no delay", tcp[CLIENT], IPPROTO_TCP, TCP_NODELAY);
	ask("low water", tcp[CLIENT], SOL_SOCKET, SO_RCVLOWAT);
	ask("no such option", tcp[CLIENT], SOL_SOCKET, 9999);
	ask("no such level", ends[0], IPPROTO_TCP, TCP_NODELAY);
	ask("a file", file, SOL_SOCKET, SO_TYPE);
	ask("nothing", -1, SOL_SOCKET, SO_TYPE);
	SAY(getsockopt(tcp[CLIENT], SOL_SOCKET, SO_RCVTIMEO, &timeout, &length));
	say("timeout %d s, %d bytes", (int)timeout.tv_sec, (int)length);
	length = 2;
	SAY(getsockopt(tcp[CLIENT], SOL_SOCKET, SO_TYPE, &value, &length));
	say("  value %d, %d bytes", value, (int)length);
	SAY(getsockopt(tcp[CLIENT], SOL_SOCKET, SO_TYPE, bad_pointer(), &length));
	SAY(getsockopt(tcp[CLIENT], SOL_SOCKET, SO_TYPE, &value, bad_pointer()));
	close_all(tcp, 3);
	close_all((int[]){ends[0], ends[1], file}, 3);
	return 0;
}
