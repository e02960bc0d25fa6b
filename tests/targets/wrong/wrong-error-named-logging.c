/* SPDX-License-Identifier: MIT
 *
 * wrong-error-named-logging.c -- cleans up before it says what went wrong, and cleaning up sets errno anew.
 *
 * finds: wrong-error-named
 * rule: recv nth=1: reset
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

static int fd = -1, log_file = -1;

/* Whatever is open is closed. */
static void clean_up(void)
{
	close(log_file);
	close(fd);
}

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (!send_all(fd, "hello\n", 6))
		die("send");
	for (size_t have = 0; have < 6;) {
		ssize_t n = recv(fd, answer + have, sizeof(answer) - have, 0); /* here: wrong-error-named */

		if (n < 0) {
			clean_up();
			fprintf(stderr, "recv failed: %s\n", strerror(errno));
			return 1;
		}
		if (n == 0) {
			fprintf(stderr, "the answer is incomplete\n");
			return 1;
		}
		have += (size_t)n;
	}
	printf("%.6s", answer);
	clean_up();
	return 0;
}
