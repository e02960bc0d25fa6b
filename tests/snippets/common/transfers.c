/* SPDX-License-Identifier: MIT
 *
 * transfers.c -- the cases that every call which moves bytes goes through: sockets of each type, pipes, files, the ends
 * of them, the lengths 0 and 1, no buffer, a bad buffer, a bad descriptor.
 */
#include "../snippet.h"

static void take_bytes(taker *take, int fd, size_t length)
{
	char buffer[64] = "";
	long got = SAY(take(fd, buffer, length));

	if (got > 0)
		say_bytes("taken", buffer, (size_t)got);
}

/* Nothing, one byte, some, all that is left, none there, the end. */
static void take_from(taker *take, const char *what, int in, int out)
{
	say("from %s", what);
	SAY(write(out, "hello, world", 12));
	await_input(in);
	take_bytes(take, in, 0);
	take_bytes(take, in, 1);
	take_bytes(take, in, 4);
	take_bytes(take, in, 64);
	set_nonblocking(in);
	take_bytes(take, in, 64);
	SAY(take(in, NULL, 0));
	close(out);
	take_bytes(take, in, 64);
	take_bytes(take, in, 0);
	close(in);
}

static void take_from_tcp(taker *take, const char *what, void (*make)(int[3]))
{
	int tcp[3];

	make(tcp);
	close(tcp[LISTENER]);
	shutdown(tcp[CLIENT], SHUT_RD);
	take_from(take, what, tcp[SERVER], tcp[CLIENT]);
}

static void take_from_datagrams(taker *take, const char *what, int ends[2])
{
	say("from %s", what);
	SAY(write(ends[0], "first", 5));
	SAY(write(ends[0], "", 0));
	SAY(write(ends[0], "second, which is cut", 20));
	SAY(write(ends[0], "third", 5));
	set_nonblocking(ends[1]);
	take_bytes(take, ends[1], 64);
	take_bytes(take, ends[1], 64);
	take_bytes(take, ends[1], 6);
	take_bytes(take, ends[1], 64);
	take_bytes(take, ends[1], 64);
	close_all(ends, 2);
}

/* A bad buffer must not lose what was to be taken. */
static void take_into_nothing(taker *take)
{
	int ends[2];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(write(ends[0], "kept", 4));
	SAY(take(ends[1], bad_pointer(), 4));
	close_all(ends, 2);
	SAY(take(-1, NULL, 0));
	SAY(take(closed_number(), NULL, 4));
	SAY(take(1 << 30, NULL, 4));
}

static void take_from_others(taker *take)
{
	int ends[2], file = make_file("in a file");

	make_pipe(ends);
	take_from(take, "a pipe", ends[0], ends[1]);
	say("from a file");
	take_bytes(take, file, 2);
	take_bytes(take, file, 64);
	take_bytes(take, file, 64);
	close(file);
	file = open("/dev/null", O_RDWR);
	take_bytes(take, file, 64);
	close(file);
}

void take_cases(taker *take)
{
	int ends[2];

	take_from_tcp(take, "TCP", make_tcp);
	take_from_tcp(take, "TCP on IPv6", make_tcp6);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	take_from(take, "a Unix stream", ends[1], ends[0]);
	make_pair(AF_UNIX, SOCK_SEQPACKET, ends);
	take_from_datagrams(take, "Unix packets", ends);
	make_pair(AF_UNIX, SOCK_DGRAM, ends);
	take_from_datagrams(take, "Unix datagrams", ends);
	make_udp(ends);
	take_from_datagrams(take, "UDP", ends);
	take_from_others(take);
	take_into_nothing(take);
}

/* Reads what arrived, at the other end. */
static void say_arrived(int in)
{
	char buffer[64] = "";

	set_nonblocking(in);
	for (ssize_t got; (got = read(in, buffer, sizeof(buffer))) > 0;)
		say_bytes("arrived", buffer, (size_t)got);
}

static void put_into(putter *put, const char *what, int out, int in)
{
	say("into %s", what);
	long put_any = SAY(put(out, "hello", 5));
	SAY(put(out, "!", 1));
	SAY(put(out, "nothing", 0));
	SAY(put(out, NULL, 0));
	SAY(put(out, bad_pointer(), 4));
	if (put_any > 0)
		await_input(in);
	say_arrived(in);
}

/* A full buffer, then a peer that is gone. The descriptors are closed. */
static void put_to_the_end(putter *put, int out, int in)
{
	char block[4096] = "";

	fill(out);
	SAY(put(out, block, sizeof(block)));
	close(in);
	count_sigpipe();
	if (put(out, block, 1) >= 0)
		say("the first call after the end went");
	SAY(put(out, block, 1));
	say("SIGPIPEs: %d", sigpipes());
	close(out);
}

static void put_into_tcp(putter *put, const char *what, void (*make)(int[3]))
{
	int tcp[3];

	make(tcp);
	put_into(put, what, tcp[CLIENT], tcp[SERVER]);
	SAY(shutdown(tcp[CLIENT], SHUT_WR));
	count_sigpipe();
	SAY(put(tcp[CLIENT], "late", 4));
	say("SIGPIPEs: %d", sigpipes());
	close_all(tcp, 3);
}

static void put_into_others(putter *put)
{
	int ends[2], file = make_file("");
	char content[64] = "";

	make_pipe(ends);
	put_into(put, "a pipe", ends[1], ends[0]);
	put_to_the_end(put, ends[1], ends[0]);
	say("into a file");
	SAY(put(file, "written", 7));
	SAY(put(file, "", 0));
	say_bytes("content", content, (size_t)pread(file, content, sizeof(content), 0));
	close(file);
	SAY(put(-1, "x", 1));
	SAY(put(closed_number(), NULL, 0));
	SAY(put(1 << 30, "x", 1));
}

void put_cases(putter *put)
{
	int ends[2];

	put_into_tcp(put, "TCP", make_tcp);
	put_into_tcp(put, "TCP on IPv6", make_tcp6);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	put_into(put, "a Unix stream", ends[0], ends[1]);
	put_to_the_end(put, ends[0], ends[1]);
	make_pair(AF_UNIX, SOCK_DGRAM, ends);
	put_into(put, "Unix datagrams", ends[0], ends[1]);
	put_to_the_end(put, ends[0], ends[1]);
	make_udp(ends);
	put_into(put, "UDP", ends[0], ends[1]);
	close_all(ends, 2);
	put_into_others(put);
}
