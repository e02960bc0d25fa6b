/* SPDX-License-Identifier: MIT
 *
 * hangup-ignored-epoll-server.c -- lets each client wait for its greeting, as mail servers do against spam, and asks
 * epoll for nothing meanwhile; epoll tells of a hangup all the same, and nobody listens.
 *
 * finds: hangup-ignored
 * rule: sockopt func=getpeername nth=1: reset
 * role: server
 * client: build/targets/right/pausing-line-client {port} 0 hello || sleep 1
 */
#include "../server.h"
#include "../talk.h"

#include <sys/epoll.h>

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes the client whom to greet later. Its descriptor, or -1. */
static int welcome(int listener, int epoll)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	struct epoll_event nothing = {.data.fd = fd};

	if (fd < 0)
		return -1;
	getpeername(fd, (struct sockaddr *)&peer, &size);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &nothing);
	return fd;
}

int main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN};
	int listener, epoll = epoll_create1(0), waiting = -1;
	int64_t at_ms = 0;

	if (argc < 2)
		return 2;
	handle_signals();
	listener = listening(argv[1], 0);
	event.data.fd = listener;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	while (!stop) {
		int ready = epoll_wait(epoll, &event, 1, 100); /* here: hangup-ignored */

		if (waiting >= 0 && now_ms() > at_ms) {
			send(waiting, "welcome\n", 8, MSG_NOSIGNAL);
			close(waiting);
			waiting = -1;
		} else if (ready > 0 && event.data.fd == listener && waiting < 0) {
			waiting = welcome(listener, epoll);
			at_ms = now_ms() + 800;
		}
		wait_ms(2); /* not more than 500 rounds a second */
	}
	return 0;
}
