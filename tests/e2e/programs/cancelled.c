/* SPDX-License-Identifier: MIT
 *
 * cancelled.c -- cancels a thread that waits in recv(): the call is a cancellation point. Ends by SIGALRM if it is
 * none.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static void *wait_for_ever(void *unused)
{
	char byte;

	(void)unused;
	recv(ends[1], &byte, 1, 0);
	return NULL;
}

int main(void)
{
	pthread_t thread;
	void *result;

	alarm(10);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || pthread_create(&thread, NULL, wait_for_ever, NULL))
		return 1;
	pthread_cancel(thread);
	pthread_join(thread, &result);
	puts(result == PTHREAD_CANCELED ? "cancelled" : "returned");
	return 0;
}
