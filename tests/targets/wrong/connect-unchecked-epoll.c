/* SPDX-License-Identifier: MIT
 *
 * connect-unchecked-epoll.c -- two connections at once; whatever epoll says of a connect that is under way is taken
 * for success.
 *
 * finds: connect-unchecked
 * rule: connect nth=2: fail ETIMEDOUT
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
#include <sys/epoll.h>

#define CONNECTIONS 2

struct connection {
	int fd;
	bool asked;
};

static void begin(struct connection *c, int epoll, const struct sockaddr_in *to)
{
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || (connect(c->fd, (const struct sockaddr *)to, sizeof(*to)) < 0 && errno != EINPROGRESS))
		die("connect");
	epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

/* True when the answer was read, or there is none to come. */
static bool go_on(struct connection *c, int epoll)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	char answer[64];

	if (!c->asked) {
		c->asked = true;
		send(c->fd, "hello ", 6, MSG_NOSIGNAL); /* here: connect-unchecked */
		send(c->fd, "world\n", 6, MSG_NOSIGNAL);
		epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
		return false;
	}
	if (recv(c->fd, answer, sizeof(answer), 0) < 0 && errno == EAGAIN)
		return false;
	close(c->fd);
	return true;
}

int main(int argc, char **argv)
{
	struct connection all[CONNECTIONS] = {0};
	struct epoll_event event;
	int epoll = epoll_create1(0);

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);

	for (int i = 0; i < CONNECTIONS; i++)
		begin(&all[i], epoll, &to);
	for (int left = CONNECTIONS; left > 0;)
		if (epoll_wait(epoll, &event, 1, 5000) == 1)
			left -= go_on(event.data.ptr, epoll);
	printf("%d asked\n", CONNECTIONS);
	return 0;
}
