/* SPDX-License-Identifier: MIT
 *
 * naive-udp-client HOST PORT TEXT... -- sends each text as a numbered UDP datagram, all at once, and prints the
 * answers.
 *
 * Wrong: asks once; takes the first answer for that to the first question; looks neither at the number nor at the
 * sum; gives up at the first error.
 */
#include "message.h"

int main(int argc, char **argv)
{
	struct timeval patience = {.tv_sec = 1};
	struct sockaddr_storage to;
	char data[MESSAGE_MAX];

	if (argc < 4) {
		fprintf(stderr, "usage: %s HOST PORT TEXT...\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	int fd = socket(to.ss_family, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, length) < 0)
		die("connect");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int id = 0; id < argc - 3; id++)
		if (send(fd, data, message_write(data, id, argv[3 + id]), 0) < 0)
			die("send");
	for (int id = 0; id < argc - 3; id++) {
		ssize_t n = recv(fd, data, sizeof(data) - 1, 0);

		if (n < 0)
			die("recv");
		data[n] = '\0';
		puts(data + (n < 8 ? n : 8));
	}
	close(fd);
	return 0;
}
