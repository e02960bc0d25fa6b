/* SPDX-License-Identifier: MIT
 *
 * read.c -- read, in all the cases of receiving. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t take(int fd, void *buffer, size_t length)
{
	return read(fd, buffer, length);
}

int snippet(void)
{
	int unconnected = socket(AF_INET, SOCK_STREAM, 0);
	char byte;

	take_cases(take);
	SAY(read(unconnected, &byte, 1));
	SAY(read(unconnected, &byte, 0));
	close(unconnected);
	return 0;
}
