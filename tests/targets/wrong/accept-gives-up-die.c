/* SPDX-License-Identifier: MIT
 *
 * accept-gives-up-die.c -- a server that serves one client after the other, and ends when accept() fails.
 *
 * finds: accept-gives-up
 * rule: accept nth=2: fail ECONNABORTED
 * command: {self} {port}
 * role: server
 * client: for line in one two; do build/targets/robust-line-client 127.0.0.1 {port} $line; done
 */
#include "../server.h"
#include "../talk.h"

int main(int argc, char **argv)
{
	char line[256];

	if (argc != 2)
		return 2;
	handle_signals();
	int listener = listening(argv[1], 0);

	while (!stop) {
		int fd = accept(listener, NULL, NULL); /* here: accept-gives-up */

		if (fd < 0 && (errno == EINTR || stop))
			continue;
		if (fd < 0)
			die("accept");
		while (recv_line(fd, line, sizeof(line)) && send_all(fd, line, strlen(line)))
			;
		close(fd);
	}
	return 0;
}
