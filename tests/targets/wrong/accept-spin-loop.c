/* SPDX-License-Identifier: MIT
 *
 * accept-spin-loop.c -- a server that calls accept() again, and at once, whatever it failed with.
 *
 * finds: accept-spin
 * rule: accept nth=1..500: fail EMFILE
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} one two
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
		int fd = accept(listener, NULL, NULL); /* here: accept-spin */

		if (fd < 0)
			continue;
		while (recv_line(fd, line, sizeof(line)) && send_all(fd, line, strlen(line)))
			;
		close(fd);
	}
	return 0;
}
