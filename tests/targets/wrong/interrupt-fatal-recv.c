/* SPDX-License-Identifier: MIT
 *
 * interrupt-fatal-recv.c -- has a handler for SIGCHLD, and gives up where one interrupts its waiting for one of ten
 * answers.
 *
 * finds: interrupt-fatal
 * rule: recv times=1: fail EINTR
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char line[] = "a line\n";
	char answer[256];

	if (argc != 2)
		return 2;
	handle_children();
	int fd = connected(argv[1]);

	for (int i = 0; i < 10; i++) {
		if (!send_all(fd, line, strlen(line)))
			die("send");
		for (size_t have = 0; have < strlen(line);) {
			ssize_t n = recv(fd, answer + have, sizeof(answer) - have, 0); /* here: interrupt-fatal */

			if (n <= 0)
				die("recv");
			have += (size_t)n;
		}
		printf("%.*s", (int)strlen(line), answer);
	}
	close(fd);
	return 0;
}
