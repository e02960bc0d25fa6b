/* SPDX-License-Identifier: MIT
 *
 * end-ignored-epoll.c -- a server by epoll that takes a read of 0 bytes for "nothing has come". The descriptor of a
 * client that has left is readable for ever. (So would this program spin: it gives up after twenty thousand rounds.)
 *
 * finds: end-ignored
 * rule: none
 * command: {self} {port}
 * role: server
 * client: for word in one two; do build/targets/robust-line-client 127.0.0.1 {port} $word; done
 */
#include <sys/epoll.h>

#include "../server.h"
#include "../talk.h"

static int rounds;

static void serve(int fd)
{
	char data[256];
	ssize_t n = read(fd, data, sizeof(data)); /* here: end-ignored */

	if (n == 0) {
		stop = stop || ++rounds == 20000;
		return;
	}
	if (n < 0 || !send_all(fd, data, (size_t)n))
		close(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (argc != 2)
		return 2;
	handle_signals();
	int listener = listening(argv[1], 0), epoll = epoll_create1(0);

	event.data.fd = listener;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	while (!stop) {
		if (epoll_wait(epoll, &event, 1, -1) < 1)
			continue;
		if (event.data.fd != listener) {
			serve(event.data.fd);
			continue;
		}
		event = (struct epoll_event){.events = EPOLLIN, .data.fd = accept(listener, NULL, NULL)};
		if (event.data.fd >= 0)
			epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
	}
	return 0;
}
