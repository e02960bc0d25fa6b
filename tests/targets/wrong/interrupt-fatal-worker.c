/* SPDX-License-Identifier: MIT
 *
 * interrupt-fatal-worker.c -- has a worker thread count, and waits for the sum on a pair of sockets. It has a handler
 * for SIGCHLD; where one interrupts its waiting it gives up, though the sum comes a moment later.
 *
 * finds: interrupt-fatal
 * rule: recv family=unix nth=1: fail EINTR
 * command: {self}
 * role: client
 */
#include <pthread.h>

#include "../talk.h"

static void *count(void *socket)
{
	char sum[32];
	int fd = *(int *)socket, n = 0;

	for (int i = 0; i < 10; i++) {
		wait_ms(10); /* it is hard work */
		n += i;
	}
	if (!send_all(fd, sum, (size_t)snprintf(sum, sizeof(sum), "%d\n", n)))
		perror("send");
	return NULL;
}

int main(void)
{
	pthread_t worker;
	char sum[32];
	int ends[2];

	handle_children();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || pthread_create(&worker, NULL, count, &ends[0]))
		die("start");
	ssize_t n = recv(ends[1], sum, sizeof(sum), 0); /* here: interrupt-fatal */

	if (n < 0)
		perror("recv");
	else
		printf("%.*s", (int)n, sum);
	pthread_join(worker, NULL);
	close(ends[0]);
	close(ends[1]);
	return n < 0;
}
