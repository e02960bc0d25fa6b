/* SPDX-License-Identifier: MIT
 *
 * accept-gives-up-poll.c -- a server by poll() that closes its listener when accept() fails, and goes on to serve the
 * client that it has: nobody else can come any more.
 *
 * finds: accept-gives-up
 * rule: accept nth=2: fail EMFILE
 * command: {self} {port}
 * role: server
 * client: for line in one two; do build/targets/robust-line-client 127.0.0.1 {port} $line; done
 */
#include <poll.h>

#include "../server.h"
#include "../talk.h"

#define CLIENTS 8

static struct pollfd polled[1 + CLIENTS];

static void welcome(void)
{
	int fd = accept(polled[0].fd, NULL, NULL); /* here: accept-gives-up */

	if (fd < 0) {
		perror("accept");
		close(polled[0].fd);
		polled[0].fd = -1;
		return;
	}
	for (int i = 1; i <= CLIENTS; i++)
		if (polled[i].fd < 0) {
			polled[i].fd = fd;
			return;
		}
	close(fd);
}

static bool serve(int fd)
{
	char data[256];
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	return n > 0 && send_all(fd, data, (size_t)n);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	handle_signals();
	for (int i = 0; i <= CLIENTS; i++)
		polled[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	polled[0].fd = listening(argv[1], 0);
	while (!stop) {
		if (poll(polled, 1 + CLIENTS, -1) < 1)
			continue;
		for (int i = 1; i <= CLIENTS; i++)
			if (polled[i].revents && !serve(polled[i].fd)) {
				close(polled[i].fd);
				polled[i].fd = -1;
			}
		if (polled[0].revents)
			welcome();
	}
	return 0;
}
