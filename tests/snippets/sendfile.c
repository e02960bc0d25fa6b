/* SPDX-License-Identifier: MIT
 *
 * sendfile.c -- sendfile from a file into sockets, with and without an offset; what it refuses. Async-signal-safe.
 */
#include "snippet.h"
#include <sys/sendfile.h>

static void into(const char *what, int out, int in)
{
	int file = make_file("the content of a file");
	off_t at = 4;
	char buffer[64];

	say("into %s", what);
	SAY(sendfile(out, file, NULL, 3));
	SAY(sendfile(out, file, &at, 7));
	say("offset %d, position %d", (int)at, (int)lseek(file, 0, SEEK_CUR));
	SAY(sendfile(out, file, NULL, 0));
	SAY(sendfile(out, file, NULL, 4096));
	SAY(sendfile(out, file, NULL, 4096));
	await_input(in);
	say_bytes("arrived", buffer, (size_t)read(in, buffer, sizeof(buffer)));
	close(file);
}

static void refused(int out)
{
	int ends[2];
	off_t negative = -1;

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	int file = make_file("x");
	SAY(sendfile(out, ends[0], NULL, 1));
	SAY(sendfile(out, -1, NULL, 1));
	SAY(sendfile(-1, file, NULL, 1));
	SAY(sendfile(out, file, &negative, 1));
	SAY(sendfile(out, file, bad_pointer(), 1));
	close_all((int[]){ends[0], ends[1], file}, 3);
}

int snippet(void)
{
	int tcp[3], ends[2];

	make_tcp(tcp);
	into("TCP", tcp[CLIENT], tcp[SERVER]);
	refused(tcp[CLIENT]);
	close_all(tcp, 3);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	into("a Unix stream", ends[0], ends[1]);
	count_sigpipe();
	close(ends[1]);
	int file = make_file("x");
	SAY(sendfile(ends[0], file, NULL, 1));
	say("SIGPIPEs: %d", sigpipes());
	close_all((int[]){file, ends[0]}, 2);
	make_pipe(ends);
	into("a pipe", ends[1], ends[0]);
	close_all(ends, 2);
	return 0;
}
