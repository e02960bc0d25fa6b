/* SPDX-License-Identifier: MIT
 *
 * crash-assert-threads.c -- a thread asserts that the network does what it wishes.
 *
 * finds: crash
 * rule: recv nth=1: reset
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#undef NDEBUG
#include "../talk.h"

#include <assert.h>
#include <pthread.h>

static char answer[64];

static void *read_answer(void *at)
{
	int fd = *(int *)at;

	for (size_t have = 0; have < 6;) {
		ssize_t n = recv(fd, answer + have, sizeof(answer) - 1 - have, 0); /* here: crash */

		assert(n > 0);
		have += (size_t)n;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t reader;

	if (argc < 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, "hello\n", 6))
		die("send");
	if (pthread_create(&reader, NULL, read_answer, &fd) != 0)
		die("pthread_create");
	pthread_join(reader, NULL);
	fputs(answer, stdout);
	close(fd);
	return 0;
}
