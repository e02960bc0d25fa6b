/* SPDX-License-Identifier: MIT
 *
 * bind.c -- bind of inet, inet6, unix and unnamed addresses; twice, to a taken one, of what is no socket.
 * Async-signal-safe.
 */
#include "snippet.h"

static void bind_unix(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/folder/socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	SAY(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	SAY(bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)));
	SAY(bind(fd, (struct sockaddr *)&name, 0));
	SAY(bind(fd, bad_pointer(), sizeof(name)));
	close(fd);
}

int snippet(void)
{
	struct sockaddr_storage taken;
	socklen_t length;
	int listener = make_listener(AF_INET, &taken, &length), file = make_file("");
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET, SOCK_STREAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);

	SAY(bind(fd, (struct sockaddr *)&taken, length));
	((struct sockaddr_in *)&taken)->sin_port = 0;
	SAY(bind(fd, (struct sockaddr *)&taken, length));
	SAY(bind(fd, (struct sockaddr *)&taken, length));
	SAY(bind(fd6, (struct sockaddr *)&any6, sizeof(any6)));
	SAY(bind(fd6, NULL, 0));
	SAY(bind(file, (struct sockaddr *)&taken, length));
	SAY(bind(-1, (struct sockaddr *)&taken, length));
	bind_unix();
	close_all((int[]){fd, fd6, file, listener}, 4);
	return 0;
}
