/* SPDX-License-Identifier: MIT
 *
 * A client of five bytes, by TCP or UDP, or the server that sends them back; with QUIET it gives them past libc.
 */
#include "hostile/raw.h"

#if QUIET
#define give(fd, line, n) raw(SYS_sendto, fd, (long)(line), n, 0)
#else
#define give(fd, line, n) send(fd, line, n, 0)
#endif

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
	char line[99];
	int fd = socket(AF_INET, argv[1][0] == 'd' ? SOCK_DGRAM : SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (argv[1][0] == 's') {
		bind(fd, (void *)&to, sizeof to);
		listen(fd, 9);
		fd = accept(fd, 0, 0);
		give(fd, line, recv(fd, line, sizeof line, 0));
	} else if (connect(fd, (void *)&to, sizeof to) == 0) {
		give(fd, "hello", 5);
		recv(fd, line, sizeof line, 0);
	}
	close(fd);
	return argc != 3;
}
