/* SPDX-License-Identifier: MIT
 *
 * wrong-error-named-pending.c -- connects without blocking, asks how that went, and then says what errno is, which
 * connect() has left at "Operation now in progress".
 *
 * finds: wrong-error-named
 * rule: connect nth=1: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <poll.h>

#include "../target.h"

int main(int argc, char **argv)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	struct pollfd p = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLOUT};

	if (p.fd < 0)
		die("socket");
	if (connect(p.fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) /* here: wrong-error-named */
		die("connect");
	if (poll(&p, 1, 2000) < 1) {
		fprintf(stderr, "nobody answers\n");
		return 1;
	}
	if (getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
		die("connect"); /* it is in `error` */
	puts("connected");
	close(p.fd);
	return 0;
}
