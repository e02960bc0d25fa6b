/* SPDX-License-Identifier: MIT
 *
 * spin-threads.c -- waits for the other thread by looking at a flag, again and again; the other has ended on an error
 * without setting it.
 *
 * finds: spin
 * rule: recv nth=1: reset
 * role: client
 * timeout: 2s
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

#include <pthread.h>
#include <stdatomic.h>

static _Atomic bool is_done;
static char answer[64];
static struct sockaddr_in to;

static void *fetch(void *unused)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t have = 0;

	(void)unused;
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || !send_all(fd, "hello\n", 6))
		die("request");
	while (have < 6) {
		ssize_t n = recv(fd, answer + have, sizeof(answer) - 1 - have, 0); /* here: spin */

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	if (have == 6)
		is_done = true;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t fetcher;

	if (argc < 2)
		return 2;
	to = loopback(argv[1]);
	if (pthread_create(&fetcher, NULL, fetch, NULL) != 0)
		die("pthread_create");
	while (!is_done)
		;
	pthread_join(fetcher, NULL);
	fputs(answer, stdout);
	return 0;
}
