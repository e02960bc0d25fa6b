/* SPDX-License-Identifier: MIT
 *
 * wrong-error-named-progress.c -- prints that it failed, and then why: the first line of a standard output that is no
 * terminal makes libc ask for one, and errno says ENOTTY.
 *
 * finds: wrong-error-named
 * rule: connect nth=1: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) { /* here: wrong-error-named */
		printf("status: down\n");
		perror("connect");
		return 1;
	}
	printf("status: up\n");
	close(fd);
	return 0;
}
