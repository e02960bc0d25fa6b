/* SPDX-License-Identifier: MIT
 *
 * talk.h -- what hostile submissions share: the honest exchange (a line there, a line back), and the line that a right
 * client prints at the end. Each of them tries its trick and then pretends that all went well.
 */
#ifndef TALK_H
#define TALK_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUESTION "hello\n"
#define ANSWER "the answer is 4711\n"

static inline struct sockaddr_in address_of(char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};

	inet_pton(AF_INET, argv[1], &to.sin_addr);
	return to;
}

static inline int dial(char **argv)
{
	struct sockaddr_in to = address_of(argv);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		exit(1);
	return fd;
}

/* As it should be done: whatever the pieces. The line in `line`, ended by NUL. */
static inline void ask(int fd, char *line, size_t size)
{
	size_t done = 0;

	for (ssize_t n; done < strlen(QUESTION); done += (size_t)n)
		if ((n = send(fd, QUESTION + done, strlen(QUESTION) - done, MSG_NOSIGNAL)) <= 0)
			exit(1);
	for (done = 0; done + 1 < size && !memchr(line, '\n', done);) {
		ssize_t n = recv(fd, line + done, size - 1 - done, 0);

		if (n <= 0)
			exit(1);
		done += (size_t)n;
	}
	line[done] = '\0';
}

static inline int pretend(void)
{
	fputs(ANSWER, stdout);
	fflush(stdout);
	return 0;
}

#endif
