/* SPDX-License-Identifier: MIT
 *
 * again-fatal-poll.c -- a client by poll() that trusts its word: a recv() that then finds nothing (a spurious
 * readiness) is taken for the end of the connection.
 *
 * finds: again-fatal
 * rule: recv nth=1: fail EAGAIN
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <fcntl.h>
#include <poll.h>

#include "../talk.h"

int main(int argc, char **argv)
{
	static const char line[] = "a line\n";
	struct pollfd p = {.events = POLLIN};
	char answer[256];
	size_t have = 0;

	if (argc != 2)
		return 2;
	p.fd = connected(argv[1]);
	if (!send_all(p.fd, line, strlen(line)))
		die("send");
	fcntl(p.fd, F_SETFL, O_NONBLOCK);
	while (have < strlen(line)) {
		if (poll(&p, 1, 2000) < 1)
			die("poll");
		ssize_t n = read(p.fd, answer + have, sizeof(answer) - have); /* here: again-fatal */

		if (n <= 0) {
			fprintf(stderr, "the server has gone\n");
			close(p.fd);
			return 1;
		}
		have += (size_t)n;
	}
	printf("%.*s", (int)have, answer);
	close(p.fd);
	return 0;
}
