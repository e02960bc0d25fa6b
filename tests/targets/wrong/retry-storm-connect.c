/* SPDX-License-Identifier: MIT
 *
 * retry-storm-connect.c -- connects again as soon as it was refused, until the service is there.
 *
 * finds: retry-storm
 * rule: connect nth=1..300: fail ECONNREFUSED
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

static int dial(const char *port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) /* here: retry-storm */
		return fd;
	close(fd);
	return -1;
}

int main(int argc, char **argv)
{
	static const char line[] = "a line\n";
	char answer[128];
	int fd = -1;

	if (argc != 2)
		return 2;
	for (int tries = 0; tries < 1000 && fd < 0; tries++)
		fd = dial(argv[1]);
	if (fd < 0 || !send_all(fd, line, strlen(line)) || !recv_line(fd, answer, sizeof(answer)))
		die("no answer");
	fputs(answer, stdout);
	close(fd);
	return 0;
}
