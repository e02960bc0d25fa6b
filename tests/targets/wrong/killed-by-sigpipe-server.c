/* SPDX-License-Identifier: MIT
 *
 * killed-by-sigpipe-server.c -- a server with a thread for each client: the signal that one of them earns ends all.
 *
 * finds: killed-by-sigpipe
 * rule: recv side=server nth=1: reset
 * role: server
 * client: timeout 2 build/targets/robust-line-client 127.0.0.1 {port} hello
 */
#include "../target.h"
#include <pthread.h>

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument;
	char data[256];
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		if (write(fd, data, (size_t)n) != n)
			break;
	if (write(fd, "bye\n", 4) != 4) /* here: killed-by-sigpipe */
		perror("write");
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
