/* SPDX-License-Identifier: MIT
 *
 * call-unchecked-socket.c -- a client that uses what socket() gave without a look at it.
 *
 * finds: call-unchecked
 * rule: socket nth=1: fail EMFILE
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
int main(int argc, char **argv)
{
	char answer[64];
	ssize_t n;

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) /* here: call-unchecked */
		die("connect");
	if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
		die("send");
	while ((n = recv(fd, answer, sizeof(answer), 0)) > 0) {
		fwrite(answer, 1, (size_t)n, stdout);
		if (answer[n - 1] == '\n')
			break;
	}
	close(fd);
	return 0;
}
