/* SPDX-License-Identifier: MIT
 *
 * datagram-cut-unnoticed-client.c -- asks by UDP and prints what came, without a look at whether all of it came.
 *
 * finds: datagram-cut-unnoticed
 * rule: recv type=dgram nth=1: truncate 14
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include "../message.h"

int main(int argc, char **argv)
{
	struct timeval patience = {.tv_usec = 200000};
	char data[MESSAGE_MAX];

	if (argc != 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int tries = 0; tries < 10; tries++) {
		send(fd, data, message_write(data, 1, "what is the time?"), 0);
		ssize_t n = recv(fd, data, sizeof(data), 0); /* here: datagram-cut-unnoticed */

		if (n >= 0) {
			printf("%.*s\n", (int)n, data);
			return 0;
		}
	}
	fprintf(stderr, "no answer\n");
	return 1;
}
