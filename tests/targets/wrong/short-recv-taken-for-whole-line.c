/* SPDX-License-Identifier: MIT
 *
 * short-recv-taken-for-whole-line.c -- asks for a line and prints what one recv() brings of the answer.
 *
 * finds: short-recv-taken-for-whole
 * rule: recv nth=1: short 5
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char line[] = "this line comes back in pieces\n";
	char answer[256];

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, line, strlen(line)))
		die("send");
	ssize_t n = recv(fd, answer, sizeof(answer), 0); /* here: short-recv-taken-for-whole */

	if (n <= 0)
		die("recv");
	printf("%.*s\n", (int)n, answer);
	close(fd);
	return 0;
}
