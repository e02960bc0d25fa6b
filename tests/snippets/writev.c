/* SPDX-License-Identifier: MIT
 *
 * writev.c -- writev, in all the cases of sending and of vectors. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t put(int fd, const void *buffer, size_t length)
{
	struct iovec vector = {.iov_base = (void *)(size_t)buffer, .iov_len = length};

	return writev(fd, &vector, 1);
}

int snippet(void)
{
	put_cases(put);
	put_vector_cases(writev);
	return 0;
}
