/* SPDX-License-Identifier: MIT
 *
 * accept-spin-epoll.c -- a server by epoll. Without a descriptor left it goes back to epoll_wait(), which says at once
 * that a client waits: round and round it goes.
 *
 * finds: accept-spin
 * rule: accept nth=1..500: fail EMFILE
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} one two
 */
#include <sys/epoll.h>

#include "../server.h"
#include "../talk.h"

static bool serve(int fd)
{
	char data[256];
	ssize_t n = read(fd, data, sizeof(data));

	if (n < 0)
		return errno == EINTR;
	return n > 0 && send_all(fd, data, (size_t)n);
}

int main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (argc != 2)
		return 2;
	handle_signals();
	int listener = listening(argv[1], SOCK_NONBLOCK), epoll = epoll_create1(0);

	event.data.fd = listener;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	while (!stop) {
		if (epoll_wait(epoll, &event, 1, -1) < 1)
			continue;
		if (event.data.fd != listener) {
			if (!serve(event.data.fd))
				close(event.data.fd);
			continue;
		}
		event = (struct epoll_event){.events = EPOLLIN};
		event.data.fd = accept(listener, NULL, NULL); /* here: accept-spin */
		if (event.data.fd >= 0)
			epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
	}
	close(listener);
	return 0;
}
