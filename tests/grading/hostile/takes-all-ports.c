/* SPDX-License-Identifier: MIT
 *
 * takes-all-ports.c -- opens all descriptors there are, on ports that others could want, and calls on everybody who
 * listens.
 */
#include <fcntl.h>

#include "talk.h"

int main(int argc, char **argv)
{
	struct sockaddr_in to = address_of(argv);
	unsigned own = ntohs(to.sin_port);

	(void)argc;
	for (unsigned port = 1024; port < 65536; port++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0)
			break;
		to.sin_port = htons((unsigned short)port);
		if (port != own && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) {
			printf("somebody listens on %u\n", port);
			fflush(stdout);
			(void)send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL);
		}
		close(fd);
	}
	for (unsigned port = 1024; port < 65536; port++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		to.sin_port = htons((unsigned short)port);
		if (fd < 0 || (bind(fd, (struct sockaddr *)&to, sizeof to) == 0 && listen(fd, 5) != 0))
			break;
	}
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	return pretend();
}
