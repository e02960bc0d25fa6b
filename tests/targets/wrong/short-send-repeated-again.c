/* SPDX-License-Identifier: MIT
 *
 * short-send-repeated-again.c -- sends a line, and where not all of it went sends it again: from its start.
 *
 * finds: short-send-repeated
 * rule: send nth=1: short 4
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char line[] = "a line that is to arrive once\n";
	ssize_t n;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	do {
		n = send(fd, line, strlen(line), MSG_NOSIGNAL); /* here: short-send-repeated */
		if (n < 0)
			die("send");
	} while ((size_t)n < strlen(line));
	if (shutdown(fd, SHUT_WR) < 0)
		die("shutdown");
	print_all(fd);
	close(fd);
	return 0;
}
