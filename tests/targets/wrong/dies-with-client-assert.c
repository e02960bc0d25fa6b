/* SPDX-License-Identifier: MIT
 *
 * dies-with-client-assert.c -- a server with threads that takes a failing send for impossible, and aborts.
 *
 * finds: dies-with-client
 * rule: send side=server nth=2: reset
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} a b c
 */
#include "../target.h"
#include <pthread.h>

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument;
	char data[256];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n) /* here: dies-with-client */
			abort();
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int listener = listen_on(argv[1]);

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
		else
			close(fd);
	}
}
