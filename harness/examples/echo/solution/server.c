/* SPDX-License-Identifier: MIT
 *
 * server.c -- an echo server; a process for each client.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool send_all(int fd, const char *from, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, from, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		from += n;
		length -= (size_t)n;
	}
	return true;
}

static void serve(int fd)
{
	char buffer[4096];
	ssize_t n;

	do {
		n = recv(fd, buffer, sizeof(buffer), 0);
	} while ((n < 0 && errno == EINTR) || (n > 0 && send_all(fd, buffer, (size_t)n)));
	if (n < 0)
		perror("server: recv");
}

static int listening(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0) {
		perror("server");
		exit(1);
	}
	return fd;
}

static void start_child(int listener, int fd)
{
	pid_t pid = fork();

	if (pid < 0)
		perror("server: fork");
	if (pid == 0) {
		close(listener);
		serve(fd);
		close(fd);
		_exit(0);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: server PORT\n");
		return 2;
	}
	int listener = listening(atoi(argv[1]));

	signal(SIGCHLD, SIG_IGN); /* children are reaped by the kernel */
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0) {
			start_child(listener, fd);
			continue;
		}
		perror("server: accept");
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			poll(NULL, 0, 50); /* until somebody has given something back */
	}
}
