/* SPDX-License-Identifier: MIT
 *
 * again-fatal-send.c -- sends over a non-blocking socket, in a loop that knows of short counts; EAGAIN it takes for a
 * failure like others.
 *
 * finds: again-fatal
 * rule: send nth=1: fail EAGAIN
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char line[] = "a line\n";
	size_t sent = 0;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	while (sent < strlen(line)) {
		ssize_t n = send(fd, line + sent, strlen(line) - sent, MSG_DONTWAIT | MSG_NOSIGNAL); /* here: again-fatal */

		if (n < 0)
			die("send");
		sent += (size_t)n;
	}
	if (shutdown(fd, SHUT_WR) < 0)
		die("shutdown");
	print_all(fd);
	close(fd);
	return 0;
}
