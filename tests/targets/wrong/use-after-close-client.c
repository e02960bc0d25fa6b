/* SPDX-License-Identifier: MIT
 *
 * use-after-close-client.c -- closes where the answer ends, and sends its farewell after that.
 *
 * finds: use-after-close
 * rule: none
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
static bool ask(int fd, const char *line, size_t length)
{
	char answer[256];

	if (send(fd, line, length, MSG_NOSIGNAL) != (ssize_t)length)
		return false;
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return n > 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (!ask(fd, "hello\n", 6))
		die("ask");
	send(fd, "bye\n", 4, MSG_NOSIGNAL); /* here: use-after-close */
	return 0;
}
