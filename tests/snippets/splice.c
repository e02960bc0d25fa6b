/* SPDX-License-Identifier: MIT
 *
 * splice.c -- splice between a pipe and a socket, both ways; what it refuses. Async-signal-safe.
 */
#include "snippet.h"

static void through(const char *what, int out, int in)
{
	int tube[2];
	char buffer[64];

	say("through %s", what);
	make_pipe(tube);
	SAY(write(tube[1], "spliced bytes", 13));
	SAY(splice(tube[0], NULL, out, NULL, 3, 0));
	SAY(splice(tube[0], NULL, out, NULL, 0, 0));
	SAY(splice(tube[0], NULL, out, NULL, 4096, SPLICE_F_MOVE));
	SAY(splice(tube[0], NULL, out, NULL, 1, SPLICE_F_NONBLOCK));
	await_input(in);
	SAY(splice(in, NULL, tube[1], NULL, 4, 0));
	SAY(splice(in, NULL, tube[1], NULL, 4096, SPLICE_F_NONBLOCK));
	say_bytes("arrived", buffer, (size_t)read(tube[0], buffer, sizeof(buffer)));
	set_nonblocking(in);
	SAY(splice(in, NULL, tube[1], NULL, 4096, 0));
	close(out);
	SAY(splice(in, NULL, tube[1], NULL, 4096, 0));
	close_all((int[]){in, tube[0], tube[1]}, 3);
}

int snippet(void)
{
	int tcp[3], ends[2];
	off_t zero = 0;

	make_tcp(tcp);
	close(tcp[LISTENER]);
	through("TCP", tcp[CLIENT], tcp[SERVER]);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	through("a Unix stream", ends[0], ends[1]);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(splice(ends[0], NULL, ends[1], NULL, 1, 0));
	SAY(splice(-1, NULL, ends[1], NULL, 1, 0));
	SAY(splice(ends[0], &zero, STDOUT_FILENO, NULL, 1, 0));
	close_all(ends, 2);
	return 0;
}
