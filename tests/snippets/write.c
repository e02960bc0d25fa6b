/* SPDX-License-Identifier: MIT
 *
 * write.c -- write, in all the cases of sending. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t put(int fd, const void *buffer, size_t length)
{
	return write(fd, buffer, length);
}

int snippet(void)
{
	int unconnected = socket(AF_INET, SOCK_STREAM, 0);

	put_cases(put);
	count_sigpipe();
	SAY(write(unconnected, "x", 1));
	say("SIGPIPEs: %d", sigpipes());
	SAY(write(unconnected, "", 0));
	close(unconnected);
	return 0;
}
