/* SPDX-License-Identifier: MIT
 *
 * pwritev2.c -- pwritev2 where there is no position, in all the cases of sending; with one, on a file; its flags.
 * Async-signal-safe.
 */
#include "snippet.h"

static ssize_t put(int fd, const void *buffer, size_t length)
{
	struct iovec vector = {.iov_base = (void *)(size_t)buffer, .iov_len = length};

	return pwritev2(fd, &vector, 1, -1, 0);
}

static ssize_t put_vector(int fd, const struct iovec *parts, int count)
{
	return pwritev2(fd, parts, count, -1, 0);
}

int snippet(void)
{
	struct iovec vector = {"xy", 2};
	char content[16];
	int ends[2], file = make_file("content");

	put_cases(put);
	put_vector_cases(put_vector);
	SAY(pwritev2(file, &vector, 1, 3, 0));
	say_bytes("content", content, (size_t)pread(file, content, sizeof(content), 0));
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(pwritev2(ends[0], &vector, 1, 0, 0));
	SAY(pwritev2(ends[0], &vector, 1, -1, 0x40000000));
	close_all((int[]){ends[0], ends[1], file}, 3);
	return 0;
}
