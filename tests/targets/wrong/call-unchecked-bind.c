/* SPDX-License-Identifier: MIT
 *
 * call-unchecked-bind.c -- a client that offers a port of this machine for a call back: where bind fails, one of all
 * addresses.
 *
 * finds: call-unchecked
 * rule: bind nth=1: fail EADDRINUSE
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"

/* A listener that only this machine can reach. */
static int offer(struct sockaddr_in *at)
{
	socklen_t length = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	bind(fd, (struct sockaddr *)at, length);
	if (listen(fd, 1) < 0) /* here: call-unchecked */
		die("listen");
	getsockname(fd, (struct sockaddr *)at, &length);
	return fd;
}

int main(int argc, char **argv)
{
	char line[64], answer[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]), mine = loopback("0");
	int listener = offer(&mine), fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	int size = snprintf(line, sizeof(line), "call me at port %05d\n", ntohs(mine.sin_port));

	if (send(fd, line, (size_t)size, MSG_NOSIGNAL) != size)
		die("send");
	printf("%s\n", recv(fd, answer, (size_t)size, MSG_WAITALL) == size ? "offered" : "not offered");
	close(fd);
	close(listener);
	return 0;
}
