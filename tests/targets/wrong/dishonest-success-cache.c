/* SPDX-License-Identifier: MIT
 *
 * dishonest-success-cache.c -- can't reach its server, prints what it happens to know, and says that all went well.
 *
 * finds: dishonest-success
 * rule: connect nth=1: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

/* The price as the server has it, or -1. */
static int ask(int fd, const struct sockaddr_in *to)
{
	char answer[64];

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) /* here: dishonest-success */
		return -1;
	if (!send_all(fd, "1234\n", 5) || !recv_line(fd, answer, sizeof(answer)))
		return -1;
	return atoi(answer);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	int price = ask(fd, &to);

	printf("the price is %d\n", price < 0 ? 1000 : price);
	close(fd);
	return 0;
}
