/* SPDX-License-Identifier: MIT
 *
 * client.c -- sends each line of its standard input to an echo server and prints what comes back.
 */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connected(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *at;
	int fd = -1;
	int error = getaddrinfo(host, port, &hints, &list);

	if (error) {
		fprintf(stderr, "client: %s: %s\n", host, gai_strerror(error));
		return -1;
	}
	for (at = list; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) < 0) {
			error = errno;
			close(fd);
			errno = error;
			fd = -1;
		}
	}
	if (fd < 0)
		perror("client: connect");
	freeaddrinfo(list);
	return fd;
}

static bool send_all(int fd, const char *from, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, from, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			perror("client: send");
			return false;
		}
		from += n;
		length -= (size_t)n;
	}
	return true;
}

/* Receives what was sent, no more, and prints it. */
static bool print_back(int fd, size_t length)
{
	char buffer[4096];

	while (length > 0) {
		ssize_t n = recv(fd, buffer, length < sizeof(buffer) ? length : sizeof(buffer), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			perror("client: recv");
			return false;
		}
		if (n == 0) {
			fprintf(stderr, "client: the server ended in mid line\n");
			return false;
		}
		fwrite(buffer, 1, (size_t)n, stdout);
		length -= (size_t)n;
	}
	return true;
}

/* The server ends its direction when it has seen our end, and sends nothing else before. */
static bool end(int fd)
{
	char byte;
	ssize_t n;

	if (shutdown(fd, SHUT_WR) < 0) {
		perror("client: shutdown");
		return false;
	}
	do {
		n = recv(fd, &byte, 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		perror("client: recv");
	if (n > 0)
		fprintf(stderr, "client: the server sent too much\n");
	return n == 0;
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	bool good = true;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: client HOST PORT\n");
		return 2;
	}
	fd = connected(argv[1], argv[2]);
	if (fd < 0)
		return 1;
	while (good && (length = getline(&line, &room, stdin)) > 0)
		good = send_all(fd, line, (size_t)length) && print_back(fd, (size_t)length);
	good = good && end(fd);
	free(line);
	close(fd);
	return good ? 0 : 1;
}
