/* SPDX-License-Identifier: MIT
 *
 * byte-order-sender.c -- tells a collector of an event, if one is there, in a datagram; without htons() the datagram
 * goes to another port.
 *
 * finds: byte-order
 * rule: none
 * role: client
 * command: {self} 4660
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include "../target.h"

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_port = (in_port_t)atoi(argv[1]);
	if (fd < 0)
		die("socket");
	if (sendto(fd, "started", 7, 0, (struct sockaddr *)&to, sizeof(to)) < 0) /* here: byte-order */
		perror("sendto");
	close(fd);
	return 0;
}
