/* SPDX-License-Identifier: MIT
 *
 * fdopen.c -- fdopen of a socket in each mode, and all that stdio does with what comes of it: buffers, lines, seeking,
 * the end, errors, wide characters. On a file and on what is not open as well.
 */
#include "snippet.h"
#include <stdio_ext.h>
#include <wchar.h>

static char data[100000];
static int other; /* the socket's peer */

static FILE *make_stream(const char *mode)
{
	int ends[2];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	other = ends[1];
	FILE *stream = fdopen(ends[0], mode);

	if (!stream)
		say("fdopen %s: no", mode);
	else
		say("fdopen %s: fileno %d reads %d writes %d flags %x", mode, fileno(stream), !!__freadable(stream),
		    !!__fwritable(stream), fcntl(ends[0], F_GETFL));
	if (!stream)
		close_all(ends, 2);
	return stream;
}

static void unmake(FILE *stream)
{
	SAY(fclose(stream));
	close(other);
}

static void take_other(void)
{
	ssize_t count = recv(other, data, sizeof(data), MSG_DONTWAIT);

	say_bytes("other", data, count > 0 ? (size_t)count : 0);
}

static void modes(void)
{
	static const char *const words[] = {"r",   "w",   "a",   "r+", "w+", "a+", "rb",      "wb+",
	                                    "ab+", "rb+", "r+e", "rx", "rm", "x",  "rbbbbb+", ""};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		FILE *stream = make_stream(words[i]);

		if (!stream)
			continue;
		SAY(fputc('x', stream));
		SAY(fflush(stream));
		take_other();
		shutdown(other, SHUT_WR);
		SAY(fgetc(stream));
		SAY(ferror(stream));
		SAY(feof(stream));
		unmake(stream);
	}
}

static void lines(void)
{
	FILE *stream = make_stream("r+");
	char line[64], word[16];
	int ten;
	unsigned hex;

	SAY(write(other, "line one\nline two\n10 0x1f word rest\n", 36));
	SAY(fgets(line, sizeof(line), stream) == line);
	say("%s", line);
	SAY(getc(stream));
	SAY(ungetc('Z', stream));
	SAY(fgets(line, sizeof(line), stream) == line);
	say("%s", line);
	SAY(fscanf(stream, "%d %x %15s", &ten, &hex, word));
	say("%d %u %s", ten, hex, word);
	SAY(__fbufsize(stream));
	shutdown(other, SHUT_WR);
	SAY(fread(line, 1, 20, stream));
	SAY(feof(stream));
	SAY(ferror(stream));
	unmake(stream);
}

static void no_seeking(void)
{
	FILE *stream = make_stream("r+");

	SAY(write(other, "0123456789", 10));
	SAY(fgetc(stream));
	SAY(ftell(stream));
	SAY(fseek(stream, 0, SEEK_SET));
	SAY(fseek(stream, 3, SEEK_CUR));
	SAY(fputs("no: bytes are left", stream));
	SAY(fflush(stream));
	SAY(ferror(stream));
	unmake(stream);
}

static void buffers(void)
{
	FILE *stream = make_stream("w");
	static char mine[7];

	SAY(setvbuf(stream, NULL, _IOLBF, 0));
	SAY(fputs("a line\nand more", stream));
	take_other();
	SAY(setvbuf(stream, NULL, _IONBF, 0));
	SAY(fputs("c", stream));
	take_other();
	SAY(setvbuf(stream, mine, _IOFBF, sizeof(mine)));
	SAY(fputs("0123456789", stream));
	take_other();
	SAY(fprintf(stream, "%d", 42));
	SAY(__fpending(stream));
	SAY(fclose(stream));
	take_other();
	close(other);
}

static void nonblocking(void)
{
	FILE *stream = make_stream("r+");

	set_nonblocking(fileno(stream));
	SAY(fgetc(stream));
	SAY(ferror(stream));
	clearerr(stream);
	SAY(write(other, "abcd", 4));
	SAY(fread(data, 1, 10, stream));
	SAY(ferror(stream));
	SAY(feof(stream));
	clearerr(stream);
	fill(fileno(stream));
	SAY(fwrite(data, 1, 10000, stream) < 10000);
	SAY(ferror(stream));
	SAY(fclose(stream));
	close(other);
}

static void peer_gone(void)
{
	FILE *stream = make_stream("w");

	close(other);
	signal(SIGPIPE, SIG_IGN);
	SAY(fputs("x\n", stream));
	SAY(fflush(stream));
	SAY(ferror(stream));
	SAY(fputs("y\n", stream));
	SAY(fclose(stream));
}

/* What is larger than any buffer. */
static void large(void)
{
	FILE *stream = make_stream("r+");

	memset(data, 'q', sizeof(data));
	SAY(write(other, data, 50000));
	SAY(fread(data, 1, 49999, stream));
	SAY(fgetc(stream));
	SAY(fwrite(data, 1, 50000, stream));
	SAY(fflush(stream));
	SAY(recv(other, data, sizeof(data), MSG_WAITALL | MSG_DONTWAIT));
	unmake(stream);
}

static void wide(void)
{
	FILE *stream = make_stream("r+");
	wchar_t line[32];

	SAY(write(other, "wide line\n", 10));
	SAY(fgetws(line, 32, stream) == line);
	say("%ls", line);
	SAY(fwide(stream, 0) > 0);
	SAY(fputws(L"out", stream));
	SAY(fflush(stream));
	take_other();
	unmake(stream);
}

static void two_streams(void)
{
	int ends[2];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	FILE *in = fdopen(ends[0], "r"), *out = fdopen(dup(ends[0]), "w");

	SAY(fputs("question\n", out));
	SAY(fflush(out));
	SAY(recv(ends[1], data, 9, 0));
	SAY(send(ends[1], "answer\n", 7, 0));
	SAY(fgets(data, 100, in) == data);
	say("%s", data);
	SAY(fclose(out));
	SAY(recv(ends[1], data, 1, MSG_DONTWAIT));
	SAY(fclose(in));
	SAY(recv(ends[1], data, 1, MSG_DONTWAIT));
	close(ends[1]);
}

static void no_sockets(void)
{
	int file = make_file("content\n");
	FILE *stream = fdopen(file, "r");

	SAY(fgets(data, 100, stream) == data);
	SAY(ftell(stream));
	SAY(fclose(stream));
	SAY(fcntl(file, F_GETFD));
	SAY(fdopen(closed_number(), "r") != NULL);
	SAY(fdopen(-1, "w") != NULL);
}

int snippet(void)
{
	modes();
	lines();
	no_seeking();
	buffers();
	nonblocking();
	peer_gone();
	large();
	wide();
	two_streams();
	no_sockets();
	return 0;
}
