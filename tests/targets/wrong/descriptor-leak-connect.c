/* SPDX-License-Identifier: MIT
 *
 * descriptor-leak-connect.c -- tries again where connect fails, each time with a new socket, and forgets the old
 * one.
 *
 * finds: descriptor-leak
 * rule: connect nth=1..4: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
static int dial(const struct sockaddr_in *to)
{
	for (int try = 0; try < 8; try++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0); /* here: descriptor-leak */

		if (fd < 0)
			die("socket");
		if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0) /* here: descriptor-leak */
			return fd;
		wait_ms(1 << try);
	}
	die("connect");
}

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = dial(&to);

	if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
		die("send");
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return 0;
}
