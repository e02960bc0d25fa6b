/* SPDX-License-Identifier: MIT
 *
 * send-after-shutdown-client.c -- says that it has sent all, reads the answer, and sends one more line.
 *
 * finds: send-after-shutdown
 * rule: none
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

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
		die("send");
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, answer, sizeof(answer), 0)) > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	send(fd, "thanks\n", 7, MSG_NOSIGNAL); /* here: send-after-shutdown */
	close(fd);
	return 0;
}
