/* SPDX-License-Identifier: MIT
 *
 * reset-taken-for-end-loop.c -- prints the answer to a question until it is whole, or recv() brings no more, for
 * whatever reason.
 *
 * finds: reset-taken-for-end
 * rule: recv nth=2: reset
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char question[] = "a question of more bytes than one recv() brings\n";
	size_t left = strlen(question);
	char data[16];
	ssize_t n;

	if (argc != 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, question, left))
		die("send");
	while (left > 0 && (n = recv(fd, data, sizeof(data), 0)) > 0) { /* here: reset-taken-for-end */
		fwrite(data, 1, (size_t)n, stdout);
		left -= (size_t)n;
	}
	close(fd);
	return 0;
}
