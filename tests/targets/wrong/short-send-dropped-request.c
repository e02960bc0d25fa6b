/* SPDX-License-Identifier: MIT
 *
 * short-send-dropped-request.c -- writes a request by write(), then waits for the answer; how much of the request went
 * it looks at, and says so, but does nothing about it.
 *
 * finds: short-send-dropped
 * rule: send nth=1: short 3
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	static const char request[] = "a request of one line\n";
	struct timeval patience = {.tv_usec = 300000};
	char answer[128];

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	int fd = connected(argv[1]);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ssize_t n = write(fd, request, strlen(request)); /* here: short-send-dropped */

	if (n < 0)
		die("write");
	if (n < (ssize_t)strlen(request))
		fprintf(stderr, "only %zd bytes were sent\n", n);
	if (!recv_line(fd, answer, sizeof(answer)))
		die("no answer");
	fputs(answer, stdout);
	close(fd);
	return 0;
}
