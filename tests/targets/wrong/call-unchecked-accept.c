/* SPDX-License-Identifier: MIT
 *
 * call-unchecked-accept.c -- a server that hands what accept() gave to a thread, be it a socket or -1.
 *
 * finds: call-unchecked
 * rule: accept nth=1: fail ECONNABORTED
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} hello
 */
#include "../target.h"
#include <pthread.h>

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument;
	char data[256];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0) /* here: call-unchecked */
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	if (fd >= 0)
		close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int listener = listen_on(argv[1]);

	for (;;) {
		pthread_t thread;
		int fd = accept(listener, NULL, NULL);

		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
}
