/* SPDX-License-Identifier: MIT
 *
 * killed-by-sigpipe-client.c -- a client that sends in two pieces, and is ended by the second if the peer is gone.
 *
 * finds: killed-by-sigpipe
 * rule: send nth=1: reset
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	write(fd, "hello ", 6);
	write(fd, "world\n", 6); /* here: killed-by-sigpipe */
	ssize_t n = recv(fd, answer, 12, MSG_WAITALL);

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return 0;
}
