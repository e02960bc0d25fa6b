/* SPDX-License-Identifier: MIT
 *
 * printing.c -- the cases that dprintf and its twins share: on sockets, a pipe, what is closed; long ones; %m.
 */
#include "snippet.h"

static char text[20000];

static void to(int fd, int from, printer *print)
{
	static char back[20000];

	SAY(print(fd, "plain"));
	SAY(read(from, back, sizeof(back)));
	errno = ENOENT;
	say("%d", print(fd, "%m %d %s", 42, "words"));
	ssize_t count = SAY(read(from, back, sizeof(back)));
	say_bytes("read", back, count > 0 ? (size_t)count : 0);
	SAY(print(fd, "%s|%5000d", text, 1));
	for (size_t whole = 0; whole < 10000; whole += (size_t)count)
		if ((count = read(from, back, sizeof(back))) <= 0)
			break;
	SAY(print(fd, "%s", ""));
}

void print_cases(printer *print)
{
	int ends[2], tcp[3];

	memset(text, 't', 4999);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	to(ends[0], ends[1], print);
	set_nonblocking(ends[0]);
	fill(ends[0]);
	SAY(print(ends[0], "no room"));
	close(ends[1]);
	signal(SIGPIPE, SIG_IGN);
	SAY(print(ends[0], "nobody"));
	close(ends[0]);
	make_tcp(tcp);
	to(tcp[CLIENT], tcp[SERVER], print);
	close_all(tcp, 3);
	make_pipe(ends);
	to(ends[1], ends[0], print);
	close_all(ends, 2);
	SAY(print(closed_number(), "nowhere"));
	SAY(print(-1, "nowhere"));
}
