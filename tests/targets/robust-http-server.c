/* SPDX-License-Identifier: MIT
 *
 * robust-http-server PORT -- a peer for HTTP clients: answers each request with the same page, one client after the
 * other, for ever.
 */
#include "target.h"

static const char page[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n\r\n"
                           "The quick brown fox jumps\n";

/* True when the empty line has come that ends a request. */
static bool recv_request(int fd)
{
	char request[4096];
	size_t have = 0;

	while (have < sizeof(request) - 1) {
		ssize_t n = recv(fd, request + have, sizeof(request) - 1 - have, 0);

		if (n <= 0)
			return false;
		have += (size_t)n;
		request[have] = '\0';
		if (strstr(request, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void send_page(int fd)
{
	for (size_t sent = 0; sent < sizeof(page) - 1;) {
		ssize_t n = send(fd, page + sent, sizeof(page) - 1 - sent, MSG_NOSIGNAL);

		if (n < 0)
			return;
		sent += (size_t)n;
	}
}

int main(int argc, char **argv)
{
	struct timeval patience = {.tv_sec = 5};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PORT\n", argv[0]);
		return 2;
	}
	int listener = listen_on(argv[1]);

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (recv_request(fd))
			send_page(fd);
		close(fd);
	}
}
