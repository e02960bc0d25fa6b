/* SPDX-License-Identifier: MIT
 *
 * threads-server.c -- an echo server with a thread for each client. What happens to one client is that thread's affair;
 * where descriptors or threads run out it waits a little, and the clients stay in the queue. Ends on SIGTERM.
 *
 * role: server
 * client: for i in 1 2 3; do build/targets/robust-line-client 127.0.0.1 {port} a b & done; wait
 */
#include "../server.h"
#include <poll.h>
#include <pthread.h>

static bool send_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		length -= (size_t)n;
	}
	return true;
}

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument;
	char data[512];

	for (;;) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !send_all(fd, data, (size_t)n))
			break;
	}
	close(fd);
	return NULL;
}

/* A client, or -1 where none is to be had now. */
static int accept_one(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd >= 0)
		return fd;
	enum unaccepted why = why_unaccepted(errno);

	if (why == NO_SERVER)
		die("accept");
	if (why == NO_ROOM) {
		perror("accept");
		wait_ms(20);
	}
	return -1;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	handle_signals();
	int listener = listen_on(argv[1]);

	while (!stop) {
		int fd = accept_one(listener);
		pthread_t thread;

		if (fd < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
		else
			close(fd);
	}
	close(listener);
	return 0;
}
