/* SPDX-License-Identifier: MIT
 *
 * one-client-blocks-all-select-server.c -- serves many clients with select(), and once a client has sent a byte it
 * waits for the rest of the line, with the others standing behind.
 *
 * finds: one-client-blocks-all
 * rule: recv side=server nth=2: stall
 * role: server
 * client: build/targets/right/pausing-line-client {port} 0 hello
 */
#include "../talk.h"

#include <sys/select.h>

/* The whole line, as Stevens's first readline() does it. False if none came. */
static bool line_of(int fd, char *line, size_t size)
{
	for (size_t have = 0; have < size; have++)
		if (recv(fd, line + have, 1, 0) <= 0) /* here: one-client-blocks-all */
			return false;
		else if (line[have] == '\n')
			return true;
	return false;
}

static bool serve(int fd)
{
	char line[256];

	return line_of(fd, line, sizeof(line)) && send_all(fd, "welcome\n", 8);
}

static fd_set all; /* who is waited for */

static void welcome(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd >= FD_SETSIZE)
		close(fd);
	else if (fd >= 0)
		FD_SET(fd, &all);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int listener = listening(argv[1], SOCK_NONBLOCK);

	FD_SET(listener, &all);
	while (true) {
		fd_set ready = all;

		if (select(FD_SETSIZE, &ready, NULL, NULL, NULL) < 0)
			continue;
		for (int fd = 0; fd < FD_SETSIZE; fd++)
			if (fd != listener && FD_ISSET(fd, &ready) && !serve(fd)) {
				close(fd);
				FD_CLR(fd, &all);
			}
		if (FD_ISSET(listener, &ready))
			welcome(listener);
	}
}
