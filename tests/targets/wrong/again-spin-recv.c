/* SPDX-License-Identifier: MIT
 *
 * again-spin-recv.c -- waits for an answer to begin, and for the rest of it by asking again and again.
 *
 * finds: again-spin
 * rule: recv nth=2: stall 300ms
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <fcntl.h>

#include "../talk.h"

int main(int argc, char **argv)
{
	static const char line[] = "a line\n";
	char answer[256];
	size_t have = 0;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, line, strlen(line)))
		die("send");
	ssize_t first = recv(fd, answer, 1, 0);

	if (first != 1)
		die("recv");
	have = 1;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (have < strlen(line)) {
		ssize_t n = recv(fd, answer + have, sizeof(answer) - have, 0); /* here: again-spin */

		if (n == 0 || (n < 0 && errno != EAGAIN))
			die("recv");
		if (n > 0)
			have += (size_t)n;
	}
	printf("%.*s", (int)have, answer);
	close(fd);
	return 0;
}
