/* SPDX-License-Identifier: MIT
 *
 * end-ignored-line.c -- reads on until the newline has come; that the server may leave before that it does not expect.
 * (It would try for ever: here a thousand times.)
 *
 * finds: end-ignored
 * rule: recv nth=1: eof
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char line[] = "a line\n";
	char answer[256] = "";
	size_t have = 0;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, line, strlen(line)))
		die("send");
	for (int tries = 0; tries < 1000 && !strchr(answer, '\n'); tries++) {
		ssize_t n = recv(fd, answer + have, sizeof(answer) - 1 - have, 0); /* here: end-ignored */

		if (n < 0)
			die("recv");
		have += (size_t)n;
	}
	fputs(answer, stdout);
	close(fd);
	return 0;
}
