/* SPDX-License-Identifier: MIT
 *
 * short-send-waits-client.c -- sends a file of lines by edge-triggered epoll: at each edge once, as much as there is.
 *
 * finds: short-send-waits
 * rule: send nth=1..2: short 10
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-poll-server 127.0.0.1 {port}
 */
#include <fcntl.h>
#include <sys/epoll.h>

#include "../talk.h"

int main(int argc, char **argv)
{
	static const char lines[] = "first line\nsecond line\nthird line\nfourth line\n";
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
	size_t sent = 0;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]), epoll = epoll_create1(0);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll");
	while (sent < strlen(lines)) {
		if (epoll_wait(epoll, &event, 1, 2000) < 1) /* here: short-send-waits */
			die("epoll_wait");
		ssize_t n = send(fd, lines + sent, strlen(lines) - sent, MSG_NOSIGNAL); /* here: short-send-waits */

		if (n < 0 && errno != EAGAIN)
			die("send");
		if (n > 0)
			sent += (size_t)n;
	}
	fcntl(fd, F_SETFL, 0);
	if (shutdown(fd, SHUT_WR) < 0)
		die("shutdown");
	print_all(fd);
	close(fd);
	return 0;
}
