/* SPDX-License-Identifier: MIT
 *
 * short-send-repeated-queue.c -- sends the messages of a queue over a non-blocking socket when poll() says that there
 * is room. A message leaves the queue when it is sent; one that was sent in part stays as it was.
 *
 * finds: short-send-repeated
 * rule: send nth=2: short 5
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <fcntl.h>
#include <poll.h>

#include "../talk.h"

struct message {
	const char *text;
	struct message *next;
};

/* Sends while there is room. */
static struct message *flush(int fd, struct message *queue)
{
	while (queue) {
		size_t length = strlen(queue->text);
		ssize_t n = write(fd, queue->text, length); /* here: short-send-repeated */

		if (n < 0 && errno != EAGAIN)
			die("write");
		if (n < (ssize_t)length)
			break; /* no room for now */
		queue = queue->next;
	}
	return queue;
}

int main(int argc, char **argv)
{
	struct message third = {"third message\n", NULL}, second = {"second message\n", &third};
	struct message first = {"first message\n", &second}, *queue = &first;
	struct pollfd p = {.events = POLLOUT};

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	p.fd = connected(argv[1]);
	fcntl(p.fd, F_SETFL, O_NONBLOCK);
	while (queue) {
		if (poll(&p, 1, 2000) < 1)
			die("poll");
		queue = flush(p.fd, queue);
	}
	fcntl(p.fd, F_SETFL, 0);
	if (shutdown(p.fd, SHUT_WR) < 0)
		die("shutdown");
	print_all(p.fd);
	close(p.fd);
	return 0;
}
