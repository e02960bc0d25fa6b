/* SPDX-License-Identifier: MIT
 *
 * first-address-only-again.c -- tries again where connect fails, four times, and each time the same of its
 * addresses.
 *
 * finds: first-address-only
 * rule: connect: fail EHOSTUNREACH
 * role: client
 * peer: build/targets/robust-echo-server :: {port}
 */
#include "../target.h"
#include <netdb.h>

static int dial(const struct addrinfo *at)
{
	for (int try = 0; try < 4; try++) {
		int fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);

		if (fd < 0)
			return -1;
		if (connect(fd, at->ai_addr, at->ai_addrlen) == 0) /* here: first-address-only */
			return fd;
		close(fd);
		wait_ms(1 << try);
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	char answer[64];

	if (argc < 2)
		return 2;
	if (getaddrinfo(NULL, argv[1], &hints, &list) != 0)
		die("getaddrinfo");
	int fd = dial(list);

	freeaddrinfo(list);
	if (fd < 0) {
		fprintf(stderr, "no connection\n");
		return 1;
	}
	FILE *stream = fdopen(fd, "r+");

	if (!stream || fputs("hello\n", stream) == EOF || fflush(stream) == EOF || !fgets(answer, sizeof(answer), stream))
		die("ask");
	fputs(answer, stdout);
	fclose(stream);
	return 0;
}
