/* SPDX-License-Identifier: MIT
 *
 * crowd.c -- `crowd PORT`: 4 threads with 2 connections each send messages of 16 bytes to an echo server and wait for
 * each to come back. A connection that fails is left; so that which calls are made depends on their results alone.
 */
#include <pthread.h>

#include "talk.h"

enum { THREADS = 4, CONNECTIONS = 2, MESSAGES = 30, SIZE = 16 };

static int port;

static int send_all(int fd, const char *data)
{
	for (ssize_t done = 0; done < SIZE;) {
		ssize_t sent = send(fd, data + done, (size_t)(SIZE - done), MSG_NOSIGNAL);

		if (sent <= 0)
			return -1;
		done += sent;
	}
	return 0;
}

static int receive_all(int fd)
{
	char buffer[SIZE];

	for (ssize_t done = 0; done < SIZE;) {
		ssize_t received = recv(fd, buffer, (size_t)(SIZE - done), MSG_WAITALL);

		if (received <= 0)
			return -1;
		done += received;
	}
	return 0;
}

static void converse(void)
{
	struct sockaddr_in server = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0)
		for (int i = 0; i < MESSAGES; i++)
			if (send_all(fd, "a message, 16 by") != 0 || receive_all(fd) != 0)
				break;
	close(fd);
}

static void *one_of_them(void *unused)
{
	for (int i = 0; i < CONNECTIONS; i++)
		converse();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	port = argc > 1 ? atoi(argv[1]) : 0;
	for (int i = 0; i < THREADS; i++)
		talk_must(pthread_create(&threads[i], NULL, one_of_them, NULL) == 0, "pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
