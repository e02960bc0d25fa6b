/* SPDX-License-Identifier: MIT
 *
 * no-timeout-poll-client.c -- connects without blocking and then waits with poll() and no limit, which comes to the
 * same.
 *
 * finds: no-timeout
 * rule: connect nth=1: stall
 * role: client
 * timeout: 2s
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"

#include <poll.h>

static void wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	while (poll(&p, 1, -1) < 0) /* here: no-timeout */
		if (errno != EINTR)
			die("poll");
}

int main(int argc, char **argv)
{
	char answer[64];
	size_t have = 0, sent = 0;
	int error = 0;
	socklen_t size = sizeof(error);

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS))
		die("connect");
	wait_for(fd, POLLOUT);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
		return 1;
	while (have < 6) {
		wait_for(fd, sent < 6 ? POLLOUT : POLLIN);
		ssize_t n = sent < 6 ? send(fd, &"hello\n"[sent], 6 - sent, MSG_NOSIGNAL)
		                     : recv(fd, answer + have, sizeof(answer) - have, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			die("answer");
		*(sent < 6 ? &sent : &have) += n > 0 ? (size_t)n : 0;
	}
	fwrite(answer, 1, have, stdout);
	close(fd);
	return 0;
}
