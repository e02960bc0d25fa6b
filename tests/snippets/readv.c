/* SPDX-License-Identifier: MIT
 *
 * readv.c -- readv, in all the cases of receiving and of vectors. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t take(int fd, void *buffer, size_t length)
{
	struct iovec vector = {.iov_base = buffer, .iov_len = length};

	return readv(fd, &vector, 1);
}

int snippet(void)
{
	take_cases(take);
	take_vector_cases(readv);
	return 0;
}
