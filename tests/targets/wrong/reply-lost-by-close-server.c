/* SPDX-License-Identifier: MIT
 *
 * reply-lost-by-close-server.c -- reads what it needs of a request, answers and closes. With the rest of the request
 * unread the kernel sends a reset after the answer, and the client may lose the answer.
 *
 * finds: reply-lost-by-close
 * rule: recv side=server nth=1: short 4
 * role: server
 * client: build/targets/right/pausing-line-client {port} 0 "GET / please"
 */
#include "../server.h"
#include "../talk.h"

/* The method is enough: there is one page. */
static void serve(int fd)
{
	char request[512];
	size_t have = 0;
	ssize_t n;

	do {
		n = recv(fd, request + have, sizeof(request) - have, 0);
		if (n > 0)
			have += (size_t)n;
	} while ((n < 0 && errno == EINTR) || (n > 0 && have < 4));
	if (have >= 4 && memcmp(request, "GET ", 4) == 0)
		send_all(fd, "the page\n", 9);
	close(fd); /* here: reply-lost-by-close */
}

int main(int argc, char **argv)
{
	int listener;

	if (argc < 2)
		return 2;
	handle_signals();
	listener = listening(argv[1], 0);
	while (!stop) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			serve(fd);
	}
	return 0;
}
