/* SPDX-License-Identifier: MIT
 *
 * again-spin-thread.c -- a server with a thread for each client; a thread whose answer finds no room tries at once
 * again until there is some.
 *
 * finds: again-spin
 * rule: send nth=1: stall 100ms
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} one two
 */
#include <pthread.h>

#include "../server.h"
#include "../talk.h"

static bool push(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL); /* here: again-spin */

		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			return false;
		data += n;
		length -= (size_t)n;
	}
	return true;
}

static void *serve(void *client)
{
	int fd = (int)(intptr_t)client;
	char line[256];

	while (recv_line(fd, line, sizeof(line)) && push(fd, line, strlen(line)))
		;
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	handle_signals();
	int listener = listening(argv[1], 0);

	while (!stop) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			wait_ms(10);
		else if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
		else
			close(fd);
	}
	return 0;
}
