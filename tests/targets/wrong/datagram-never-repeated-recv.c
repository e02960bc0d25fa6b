/* SPDX-License-Identifier: MIT
 *
 * datagram-never-repeated-recv.c -- asks once by UDP, and waits for the answer without a limit. (An alarm ends it.)
 *
 * finds: datagram-never-repeated
 * rule: send type=dgram nth=1: drop
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include "../message.h"

int main(int argc, char **argv)
{
	char data[MESSAGE_MAX];

	if (argc != 2)
		return 2;
	alarm(2);
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (send(fd, data, message_write(data, 1, "what is the time?"), 0) < 0) /* here: datagram-never-repeated */
		die("send");
	ssize_t n = recv(fd, data, sizeof(data), 0); /* here: datagram-never-repeated */

	if (n < 0)
		die("recv");
	printf("%.*s\n", (int)n, data);
	close(fd);
	return 0;
}
