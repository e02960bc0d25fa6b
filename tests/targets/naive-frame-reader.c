/* SPDX-License-Identifier: MIT
 *
 * naive-frame-reader HOST PORT -- prints the messages that a TCP server sends, each of them behind four bytes with
 * its length, until the server ends the stream.
 *
 * Wrong: takes it that one recv() brings what one send() sent, so that a length or a message that comes in two
 * parts puts it out of step for good.
 */
#include "target.h"

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	char message[256];

	if (argc != 3) {
		fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, length) < 0)
		die("connect");
	for (;;) {
		uint32_t size = 0;

		if (recv(fd, &size, sizeof(size), 0) <= 0)
			break;
		size = ntohl(size);
		if (size > sizeof(message)) {
			fprintf(stderr, "a message of %u bytes\n", size);
			return 1;
		}
		recv(fd, message, size, 0);
		printf("%.*s\n", (int)size, message);
	}
	close(fd);
	return 0;
}
