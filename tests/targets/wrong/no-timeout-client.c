/* SPDX-License-Identifier: MIT
 *
 * no-timeout-client.c -- does all right, and waits for its server for as long as that may take.
 *
 * finds: no-timeout
 * rule: recv nth=1: stall
 * role: client
 * timeout: 2s
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	char answer[64];
	size_t have = 0, sent = 0;

	if (argc < 2)
		return 2;
	int fd = connected(argv[1]);

	while (sent < 6) {
		ssize_t n = send(fd, &"hello\n"[sent], 6 - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			die("send");
		sent += n > 0 ? (size_t)n : 0;
	}
	while (have < 6) {
		ssize_t n = recv(fd, answer + have, sizeof(answer) - have, 0); /* here: no-timeout */

		if (n == 0 || (n < 0 && errno != EINTR))
			die("recv");
		have += n > 0 ? (size_t)n : 0;
	}
	fwrite(answer, 1, have, stdout);
	close(fd);
	return 0;
}
