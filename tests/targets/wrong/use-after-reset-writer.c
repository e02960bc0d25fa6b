/* SPDX-License-Identifier: MIT
 *
 * use-after-reset-writer.c -- writes its log to a connection, and never looks whether that still is one.
 *
 * finds: use-after-reset
 * rule: send nth=2: reset
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
int main(int argc, char **argv)
{
	char line[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	for (int i = 0; i < 20; i++) {
		int size = snprintf(line, sizeof(line), "line %d\n", i);

		send(fd, line, (size_t)size, MSG_NOSIGNAL); /* here: use-after-reset */
	}
	close(fd);
	return 0;
}
