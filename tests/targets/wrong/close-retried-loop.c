/* SPDX-License-Identifier: MIT
 *
 * close-retried-loop.c -- closes as one sends: again, as long as it is interrupted.
 *
 * finds: close-retried
 * rule: close nth=1: fail EINTR
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
static void close_surely(int fd)
{
	while (close(fd) < 0 && errno == EINTR) /* here: close-retried */
		;
}

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
		die("send");
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close_surely(fd);
	return 0;
}
