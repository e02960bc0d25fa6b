/* SPDX-License-Identifier: MIT
 *
 * names.c -- the cases of getsockname and getpeername: each family, named and not, a short buffer, no socket.
 */
#include "../snippet.h"

static void ask(name_getter *get, const char *what, int fd, socklen_t size)
{
	struct sockaddr_storage address = {.ss_family = 99};
	socklen_t length = size;

	say("%s", what);
	SAY(get(fd, (struct sockaddr *)&address, &length));
	say("  family %d, %d bytes", address.ss_family, (int)length);
	if (length >= sizeof(struct sockaddr_in) && address.ss_family == AF_INET)
		say("  port %s", ((struct sockaddr_in *)&address)->sin_port ? "given" : "none");
}

void name_cases(name_getter *get)
{
	int tcp[3], tcp6[3], ends[2], udp[2], file = make_file(""), fresh = socket(AF_INET, SOCK_STREAM, 0);

	make_tcp(tcp);
	make_tcp6(tcp6);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	make_udp(udp);
	ask(get, "client", tcp[CLIENT], sizeof(struct sockaddr_storage));
	ask(get, "server", tcp[SERVER], sizeof(struct sockaddr_storage));
	ask(get, "listener", tcp[LISTENER], sizeof(struct sockaddr_storage));
	ask(get, "IPv6", tcp6[CLIENT], sizeof(struct sockaddr_storage));
	ask(get, "Unix", ends[0], sizeof(struct sockaddr_storage));
	ask(get, "UDP", udp[0], sizeof(struct sockaddr_storage));
	ask(get, "fresh", fresh, sizeof(struct sockaddr_storage));
	ask(get, "short buffer", tcp[CLIENT], 4);
	ask(get, "no buffer", tcp[CLIENT], 0);
	ask(get, "negative size", tcp[CLIENT], (socklen_t)-1);
	ask(get, "a file", file, 4);
	ask(get, "nothing", -1, 4);
	SAY(get(tcp[CLIENT], bad_pointer(), bad_pointer()));
	close(tcp[SERVER]);
	await_input(tcp[CLIENT]);
	ask(get, "after the end", tcp[CLIENT], 16);
	close_all(tcp6, 3);
	close_all((int[]){tcp[CLIENT], tcp[LISTENER], ends[0], ends[1], udp[0], udp[1], file, fresh}, 8);
}
