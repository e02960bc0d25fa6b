/* SPDX-License-Identifier: MIT
 *
 * edge-not-drained-pair.c -- one thread orders work by messages of eight bytes over a pair of Unix sockets, another one
 * takes one order at each edge. Of two that come at once the second is carried out with the third, or never.
 *
 * finds: edge-not-drained
 * rule: none
 * command: {self}
 * role: client
 */
#include <pthread.h>
#include <sys/epoll.h>

#include "../target.h"

static void *order(void *socket)
{
	static const char orders[] = "order 1\norder 2\norder 3\n";

	if (send(*(int *)socket, orders, strlen(orders), MSG_NOSIGNAL) < 0)
		perror("send");
	return NULL;
}

static int work(int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int epoll = epoll_create1(0), done = 0;
	char one[8];

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll");
	while (done < 3 && epoll_wait(epoll, &event, 1, 1000) > 0) /* here: edge-not-drained */
		if (read(fd, one, sizeof(one)) == sizeof(one)) {       /* here: edge-not-drained */
			printf("%.*s", (int)sizeof(one), one);
			done++;
		}
	close(epoll);
	return done;
}

int main(void)
{
	pthread_t master;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0 || pthread_create(&master, NULL, order, &ends[0]))
		die("start");
	int done = work(ends[1]);

	pthread_join(master, NULL);
	close(ends[0]);
	close(ends[1]);
	return done == 3 ? 0 : 1;
}
