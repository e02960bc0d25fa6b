/* SPDX-License-Identifier: MIT
 *
 * first-address-only-client.c -- asks for the addresses of a host, and tries the first alone.
 *
 * finds: first-address-only
 * rule: connect nth=1: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-echo-server :: {port}
 */
#include "../target.h"
#include <netdb.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	char answer[64];

	if (argc < 2)
		return 2;
	if (getaddrinfo(NULL, argv[1], &hints, &list) != 0)
		die("getaddrinfo");
	int fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);

	if (fd < 0)
		die("socket");
	if (connect(fd, list->ai_addr, list->ai_addrlen) < 0) /* here: first-address-only */
		die("connect");
	freeaddrinfo(list);
	if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
		die("send");
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return 0;
}
