/* SPDX-License-Identifier: MIT
 *
 * naive-log-writer PATH LINE... -- sends each line as a datagram to a Unix socket, as syslog(3) does, then asks
 * how many lines came and prints the answer.
 *
 * Wrong: never looks whether a line was sent.
 */
#include "target.h"

int main(int argc, char **argv)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 1};
	char answer[128];

	if (argc < 3) {
		fprintf(stderr, "usage: %s PATH LINE...\n", argv[0]);
		return 2;
	}
	struct sockaddr_un to = unix_address(argv[1]);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* a name of the kernel's choice, for the answer */
	if (bind(fd, (struct sockaddr *)&own, sizeof(own.sun_family)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die(argv[1]);
	for (int i = 2; i < argc; i++)
		send(fd, argv[i], strlen(argv[i]), MSG_DONTWAIT);
	send(fd, "?", 1, 0);
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	printf("%.*s\n", n > 0 ? (int)n : 0, answer);
	close(fd);
	return 0;
}
