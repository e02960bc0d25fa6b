/* SPDX-License-Identifier: MIT
 *
 * talk.h -- the smallest conversation over TCP: two messages of four bytes to oneself, with the counts that send gave.
 */
#ifndef TALK_H
#define TALK_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void talk_must(int holds, const char *what)
{
	if (!holds) {
		perror(what);
		_exit(98);
	}
}

/* Connects a socket with another one over loopback. */
static inline void talk_connect(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	talk_must(bind(listener, (struct sockaddr *)&address, length) == 0, "bind");
	talk_must(listen(listener, 1) == 0, "listen");
	talk_must(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	talk_must(connect(ends[0], (struct sockaddr *)&address, length) == 0, "connect");
	ends[1] = accept(listener, NULL, NULL);
	talk_must(ends[1] >= 0, "accept");
	close(listener);
}

static inline void talk_over(const int ends[2])
{
	char buffer[8];

	for (int i = 0; i < 2; i++) {
		ssize_t sent = send(ends[0], "1234", 4, 0);
		ssize_t received = recv(ends[1], buffer, sizeof(buffer), 0);
		dprintf(STDOUT_FILENO, "sent %zd received %zd\n", sent, received);
	}
}

static inline void talk(void)
{
	int ends[2];

	talk_connect(ends);
	talk_over(ends);
	close(ends[0]);
	close(ends[1]);
}

#endif
