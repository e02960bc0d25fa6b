/* SPDX-License-Identifier: MIT
 *
 * naive-udp-server HOST PORT -- a UDP server by recvfrom() and sendto() that carries out numbered requests and
 * answers each with its own text. The request "end" ends it; it then says how many it has carried out.
 *
 * Wrong: carries out whatever comes, twice where it comes twice; ends at the first answer that can't be sent.
 */
#include "message.h"
#include "server.h"

int main(int argc, char **argv)
{
	struct sockaddr_storage at, from;
	char data[MESSAGE_MAX];
	unsigned count = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&at, argv[1], argv[2]);

	handle_signals();
	int fd = socket(at.ss_family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, length) < 0)
		die("bind");
	for (;;) {
		length = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data) - 1, 0, (struct sockaddr *)&from, &length);

		if (n < 0)
			die("recvfrom");
		data[n] = '\0';
		if (sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, length) < 0)
			die("sendto");
		if (strcmp(data + (n < 8 ? n : 8), "end") == 0)
			break;
		count++;
	}
	printf("%u carried out\n", count);
	close(fd);
	return 0;
}
