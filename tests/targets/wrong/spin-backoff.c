/* SPDX-License-Identifier: MIT
 *
 * spin-backoff.c -- tries again when some time has gone by, takes seconds for milliseconds, and looks at the clock till
 * then.
 *
 * finds: spin
 * rule: connect nth=1: fail ECONNREFUSED
 * role: client
 * timeout: 2s
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int dial(const char *port)
{
	struct sockaddr_in to = loopback(port);

	for (int try = 0; try < 4; try++) {
		int64_t next_ms = now_ms() + (int64_t)(10 << try) * 1000;
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) /* here: spin */
			return fd;
		close(fd);
		while (now_ms() < next_ms)
			;
	}
	return -1;
}

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	int fd = dial(argv[1]);

	if (fd < 0 || !send_all(fd, "hello\n", 6) || !recv_line(fd, answer, sizeof(answer)))
		return 1;
	fputs(answer, stdout);
	close(fd);
	return 0;
}
