/* SPDX-License-Identifier: MIT
 *
 * http-client.c -- gets a page by HTTP/1.0 and prints it. Tries each address that the host has; an answer is whole when
 * as many bytes have come as its Content-Length says, and anything less is an error.
 *
 * role: client
 * peer: build/targets/robust-http-server {port}
 */
#include "../target.h"
#include <netdb.h>

/* Connected to one of the addresses, or -1. */
static int dial(const struct addrinfo *list)
{
	struct timeval patience = {.tv_sec = 2};

	for (const struct addrinfo *at = list; at; at = at->ai_next) {
		int fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);

		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* of connect, too */
		if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

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

/* What came until the end of the stream; -1: the connection failed before that. */
static ssize_t recv_all(int fd, char *data, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = recv(fd, data + have, size - have, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* The body of a whole answer, or NULL. */
static const char *body_of(char *answer, size_t length)
{
	answer[length] = '\0';
	char *body = strstr(answer, "\r\n\r\n"), *field = strstr(answer, "Content-Length: ");

	if (!body || !field || field > body)
		return NULL;
	body += 4;
	return strtoul(field + 16, NULL, 10) == length - (size_t)(body - answer) ? body : NULL;
}

static bool get(int fd)
{
	static const char request[] = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
	static char answer[16384];

	if (!send_all(fd, request, sizeof(request) - 1))
		return false;
	ssize_t n = recv_all(fd, answer, sizeof(answer) - 1);
	const char *body = n < 0 ? NULL : body_of(answer, (size_t)n);

	return body && fputs(body, stdout) != EOF;
}

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;

	if (argc < 2)
		return 2;
	int error = getaddrinfo("localhost", argv[1], &hints, &list);

	if (error) {
		fprintf(stderr, "localhost: %s\n", gai_strerror(error));
		return 1;
	}
	int fd = dial(list);

	freeaddrinfo(list);
	if (fd < 0)
		die("no connection");
	bool worked = get(fd);

	close(fd);
	if (!worked)
		fprintf(stderr, "no whole answer\n");
	return !worked;
}
