/* SPDX-License-Identifier: MIT
 *
 * byte-order-client.c -- takes a port from "HOST:PORT" and fills the address by hand, without htons(); what it can't
 * reach it does without.
 *
 * finds: byte-order
 * rule: none
 * role: client
 * command: {self} 127.0.0.1:4661
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	char *colon = argc > 1 ? strchr(argv[1], ':') : NULL;

	if (!colon)
		return 2;
	*colon = '\0';
	to.sin_port = (in_port_t)strtol(colon + 1, NULL, 10);
	if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 2;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) /* here: byte-order */
		puts("somebody is there");
	else
		puts("nobody is there");
	close(fd);
	return 0;
}
