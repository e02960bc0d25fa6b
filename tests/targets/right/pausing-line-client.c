/* SPDX-License-Identifier: MIT
 *
 * pausing-line-client.c -- connects, thinks for MS milliseconds, sends LINE and prints the line that comes; it waits
 * for a second and no longer.
 *
 * role: client
 * command: {self} {port} 20 hello
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	struct timeval patience = {.tv_sec = 1};
	char line[256];

	if (argc < 4)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int size = snprintf(line, sizeof(line), "%s\n", argv[3]);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* of connect, too */
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	wait_ms(atoi(argv[2]));
	bool answered = send_all(fd, line, (size_t)size) && recv_line(fd, line, sizeof(line));

	close(fd);
	if (!answered) {
		fprintf(stderr, "no answer\n");
		return 1;
	}
	fputs(line, stdout);
	return 0;
}
