/* SPDX-License-Identifier: MIT
 *
 * edge-not-drained-client.c -- reads by edge-triggered epoll, once at each edge, into a small buffer. What does not fit
 * lies there: of it no edge tells. It takes the server to be silent.
 *
 * finds: edge-not-drained
 * rule: none
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <fcntl.h>
#include <sys/epoll.h>

#include "../talk.h"

int main(int argc, char **argv)
{
	static const char line[] = "a line that is longer than the buffer\n";
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	char data[16];
	size_t have = 0;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]), epoll = epoll_create1(0);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll");
	if (!send_all(fd, line, strlen(line)))
		die("send");
	while (have < strlen(line)) {
		if (epoll_wait(epoll, &event, 1, 1000) < 1) { /* here: edge-not-drained */
			fprintf(stderr, "the server is silent\n");
			return 1;
		}
		ssize_t n = recv(fd, data, sizeof(data), 0); /* here: edge-not-drained */

		if (n == 0 || (n < 0 && errno != EAGAIN))
			die("recv");
		if (n > 0)
			have += (size_t)n;
	}
	printf("%zu bytes\n", have);
	close(fd);
	return 0;
}
