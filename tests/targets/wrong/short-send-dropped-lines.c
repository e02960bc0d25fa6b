/* SPDX-License-Identifier: MIT
 *
 * short-send-dropped-lines.c -- sends three lines and prints what comes back; takes it that send() sends everything.
 *
 * finds: short-send-dropped
 * rule: send nth=1: short 3
 * rule: send nth=2: short 5
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char *const lines[] = {"the first line\n", "the second line\n", "the third line\n"};

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	for (int i = 0; i < 3; i++)
		if (send(fd, lines[i], strlen(lines[i]), MSG_NOSIGNAL) < 0) /* here: short-send-dropped */
			die("send");
	if (shutdown(fd, SHUT_WR) < 0)
		die("shutdown");
	print_all(fd);
	close(fd);
	return 0;
}
