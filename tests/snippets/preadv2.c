/* SPDX-License-Identifier: MIT
 *
 * preadv2.c -- preadv2 where there is no position, in all the cases of receiving; with one, on a file; its flags.
 * Async-signal-safe.
 */
#include "snippet.h"

static ssize_t take(int fd, void *buffer, size_t length)
{
	struct iovec vector = {.iov_base = buffer, .iov_len = length};

	return preadv2(fd, &vector, 1, -1, 0);
}

static ssize_t take_vector(int fd, const struct iovec *parts, int count)
{
	return preadv2(fd, parts, count, -1, 0);
}

int snippet(void)
{
	char buffer[4];
	struct iovec vector = {buffer, sizeof(buffer)};
	int ends[2], file = make_file("content");

	take_cases(take);
	take_vector_cases(take_vector);
	SAY(preadv2(file, &vector, 1, 3, 0));
	say_bytes("content", buffer, 4);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(preadv2(ends[0], &vector, 1, 0, 0));
	SAY(preadv2(ends[0], &vector, 1, -1, RWF_NOWAIT));
	SAY(preadv2(ends[0], &vector, 1, -1, 0x40000000));
	close_all((int[]){ends[0], ends[1], file}, 3);
	return 0;
}
