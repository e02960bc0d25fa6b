/* SPDX-License-Identifier: MIT
 *
 * pthread_create.c -- pthread_create: the argument arrives, sockets are shared, the result comes back, attributes are
 * kept.
 */
#include "snippet.h"
#include <pthread.h>

static int ends[2];

static void *talk(void *argument)
{
	char buffer[8];

	SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	SAY(send(ends[1], "answer", 6, 0));
	if (argument == ends)
		pthread_exit((void *)2);
	return (void *)1;
}

static void *talk_quietly(void *argument)
{
	send(ends[1], "quiet", 5, 0);
	return argument;
}

static void run(void *argument)
{
	pthread_t thread;
	void *result = NULL;
	char buffer[8];

	errno = ERRNO_BEFORE;
	say("created: %d", pthread_create(&thread, NULL, talk, argument));
	say("errno %s", errno == ERRNO_BEFORE ? "untouched" : "changed");
	send(ends[0], "hello", 5, 0);
	pthread_join(thread, &result);
	say("result %d", (int)(long)result);
	SAY(recv(ends[0], buffer, sizeof(buffer), 0));
}

int snippet(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	char buffer[8];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	run(NULL);
	run(ends);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	say("created: %d", pthread_create(&thread, &attributes, talk_quietly, NULL));
	SAY(recv(ends[0], buffer, sizeof(buffer), 0));
	pthread_attr_destroy(&attributes);
	return 0;
}
