/* SPDX-License-Identifier: MIT
 *
 * fclose.c -- fclose of streams on sockets and others: what is buffered goes out, the number is free, a number that was
 * closed before is an error.
 */
#include "snippet.h"

static void on_a_socket(void)
{
	int ends[2];
	char data[32];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	FILE *stream = fdopen(ends[0], "w");

	SAY(fputs("buffered", stream));
	SAY(recv(ends[1], data, sizeof(data), MSG_DONTWAIT));
	SAY(fclose(stream));
	SAY(recv(ends[1], data, sizeof(data), MSG_DONTWAIT));
	SAY(recv(ends[1], data, sizeof(data), MSG_DONTWAIT));
	SAY(fcntl(ends[0], F_GETFD));
	close(ends[1]);
}

static void closed_before(void)
{
	int ends[2];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	FILE *stream = fdopen(ends[0], "r+");

	SAY(close(ends[0]));
	SAY(fgetc(stream));
	SAY(fclose(stream));
	close(ends[1]);
}

/* The number is another file's by then. */
static void replaced(void)
{
	int ends[2], file = make_file("of the file\n");
	char line[32];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	FILE *stream = fdopen(ends[0], "r");

	SAY(dup2(file, ends[0]));
	SAY(fgets(line, sizeof(line), stream) == line);
	say("%s", line);
	SAY(fseek(stream, 3, SEEK_SET));
	SAY(fgetc(stream));
	SAY(ftell(stream));
	SAY(fclose(stream));
	close(file);
	close(ends[1]);
}

static void others(void)
{
	char memory[16], *grown = NULL;
	size_t size;
	FILE *stream = fmemopen(memory, sizeof(memory), "w");

	SAY(fputs("memory", stream));
	SAY(fclose(stream));
	say("%s", memory);
	stream = open_memstream(&grown, &size);
	SAY(fputs("grows", stream));
	SAY(fclose(stream));
	say("%s", grown);
	free(grown);
	stream = fdopen(make_file("content"), "r");
	SAY(fgetc(stream));
	SAY(fclose(stream));
}

int snippet(void)
{
	on_a_socket();
	closed_before();
	replaced();
	others();
	return 0;
}
