/* SPDX-License-Identifier: MIT
 *
 * not-transparent-pieces.c -- joins what recv() brings with a newline between the pieces, as if each were a line.
 *
 * finds: not-transparent
 * rule: recv nth=1: short 3
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	char line[64];
	ssize_t n, sent = 0;

	if (argc < 2)
		return 2;
	int fd = connected(argv[1]);

	while (sent < 5) {
		n = send(fd, &"hello"[sent], (size_t)(5 - sent), MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			die("send");
		sent += n > 0 ? n : 0;
	}
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, line, sizeof(line), 0)) != 0) /* here: not-transparent */
		if (n > 0)
			printf("%.*s\n", (int)n, line);
		else if (errno != EINTR)
			die("recv");
	close(fd);
	return 0;
}
