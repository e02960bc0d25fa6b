/* SPDX-License-Identifier: MIT
 *
 * freopen.c -- freopen of a stream on a socket: narrow, wide, half written, to what is not there, to itself. The
 * descriptor keeps its number.
 */
#include "snippet.h"
#include <stdbool.h>
#include <wchar.h>

#undef freopen64 /* in musl a macro: this file stands for that name as well */

static int other;

static FILE *make_stream(const char *mode)
{
	int ends[2];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	other = ends[1];
	return fdopen(ends[0], mode);
}

static void say_other(void)
{
	char data[32];
	ssize_t count = SAY(recv(other, data, sizeof(data), MSG_DONTWAIT));

	say_bytes("other", data, count > 0 ? (size_t)count : 0);
}

static void to_a_file(bool turn_wide)
{
	FILE *stream = make_stream("w");
	int number = fileno(stream);

	if (turn_wide)
		SAY(fwide(stream, 1) > 0);
	else
		SAY(fputs("half", stream));
	FILE *again = freopen("/dev/null", "r", stream);

	SAY(again == stream);
	SAY(fileno(stream) - number);
	say_other();
	say_other();
	SAY(fgetc(stream));
	SAY(feof(stream));
	SAY(fputc('x', stream));
	SAY(write(number, "x", 1));
	SAY(fclose(stream));
	close(other);
}

static void to_nothing(const char *path)
{
	FILE *stream = make_stream("r");
	int number = fileno(stream);

	FILE *again = freopen(path, "r", stream);

	SAY(again != NULL);
	SAY(fcntl(number, F_GETFD));
	close(other);
}

static void standard(void)
{
	int copy = dup(1);

	SAY(freopen("/dev/null", "w", stdout) == stdout);
	SAY(fileno(stdout));
	SAY(puts("unseen") >= 0);
	SAY(fflush(stdout));
	SAY(dup2(copy, 1));
	SAY(close(copy));
}

int snippet(void)
{
	to_a_file(false);
	to_a_file(true);
	to_nothing("/nowhere/at/all");
	to_nothing(NULL);
	standard();
	return 0;
}
