/* SPDX-License-Identifier: MIT
 *
 * A client that sends a line and prints what comes back; what is defined makes it wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int whole(int fd, char *line, size_t n)
{
	size_t sent = 0, have = 0;

	while (sent < n) {
		ssize_t k = send(fd, line + sent, n - sent, MSG_NOSIGNAL);

		if (k < 0)
			return -1;
		sent += (size_t)k;
#ifdef SENDS_ONCE
		break; /* here: send */
#endif
	}
	while (have < n) {
		ssize_t k = recv(fd, line + have, n - have, 0);

		if (k <= 0)
			return -1;
		have += (size_t)k;
#ifdef RECEIVES_ONCE
		line[have] = '\0';
		break; /* here: recv */
#endif
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	char line[512];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)argc;
#ifdef HANGS
	for (;;)
		pause();
#endif
	address.sin_port = htons((unsigned short)atoi(argv[2]));
	inet_pton(AF_INET, argv[1], &address.sin_addr);
	if (!fgets(line, sizeof line, stdin))
		return 1;
#ifdef SILENT
	fputs(line, stdout);
	return 0;
#endif
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return 1;
	if (whole(fd, line, strlen(line)) < 0)
		return 1;
#ifdef CRASHES
	abort();
#endif
	fputs(line, stdout);
	close(fd);
	return 0;
}
