/* SPDX-License-Identifier: MIT
 *
 * short-send-waits-server.c -- a server by edge-triggered epoll. Each time it is told that a client is writable it
 * sends once, and waits to be told again, whether or not the buffer is full (EAGAIN).
 *
 * finds: short-send-waits
 * rule: send nth=1: short 4
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} "a line that goes in two pieces" bye
 */
#include <sys/epoll.h>

#include "../server.h"
#include "../talk.h"

static struct client {
	int fd;
	size_t begin, end;
	char data[512];
} client;

/* What is there to be read, as far as there is room. False: the client has gone. */
static bool take(void)
{
	ssize_t n = 1;

	while (n > 0 && client.end < sizeof(client.data)) {
		n = read(client.fd, client.data + client.end, sizeof(client.data) - client.end);
		if (n > 0)
			client.end += (size_t)n;
	}
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool give(void)
{
	if (client.begin == client.end)
		return true;
	size_t left = client.end - client.begin;
	ssize_t n = send(client.fd, client.data + client.begin, left, MSG_NOSIGNAL); /* here: short-send-waits */

	if (n < 0)
		return errno == EAGAIN;
	client.begin += (size_t)n;
	if (client.begin == client.end)
		client.begin = client.end = 0;
	return true;
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
		if (epoll_wait(epoll, &event, 1, -1) < 1) /* here: short-send-waits */
			continue;
		if (event.data.fd != listener) {
			if (!take() || !give())
				close(client.fd);
			continue;
		}
		client = (struct client){.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)};
		event = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = client.fd};
		if (client.fd >= 0)
			epoll_ctl(epoll, EPOLL_CTL_ADD, client.fd, &event);
	}
	return 0;
}
