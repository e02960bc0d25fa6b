/* SPDX-License-Identifier: MIT
 *
 * connect-unchecked-poll.c -- waits until its non-blocking connect is over, and takes the socket for connected.
 *
 * finds: connect-unchecked
 * rule: connect nth=1: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
#include <poll.h>

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS))
		die("connect");
	poll(&wait, 1, 5000);
	send(fd, "hello\n", 6, MSG_NOSIGNAL); /* here: connect-unchecked */
	wait.events = POLLIN;
	poll(&wait, 1, 5000);
	ssize_t n = recv(fd, answer, sizeof(answer), 0); /* here: connect-unchecked */

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return 0;
}
