/* SPDX-License-Identifier: MIT
 *
 * double-close-threads.c -- a server whose thread closes its client when the connection fails, and once more at its
 * end.
 *
 * finds: double-close
 * rule: recv nth=1: reset
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} hello
 */
#include "../target.h"
#include <pthread.h>

static void echo(int fd)
{
	char data[256];

	for (;;) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n == 0)
			return;
		if (n < 0 || send(fd, data, (size_t)n, MSG_NOSIGNAL) != n) {
			close(fd);
			return;
		}
	}
}

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument;

	echo(fd);
	close(fd); /* here: double-close */
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
