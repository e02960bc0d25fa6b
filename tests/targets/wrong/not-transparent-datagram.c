/* SPDX-License-Identifier: MIT
 *
 * not-transparent-late.c -- takes an answer that comes late for none, although it has it in its hands.
 *
 * finds: not-transparent
 * rule: recv nth=1: delay 2500ms
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	int fd = connected(argv[1]);
	time_t begin = time(NULL);
	size_t have = 0;

	if (!send_all(fd, "hello\n", 6))
		die("send");
	while (have < 6) {
		ssize_t n = recv(fd, answer + have, 6 - have, 0); /* here: not-transparent */

		if (n == 0 || (n < 0 && errno != EINTR))
			die("recv");
		have += n > 0 ? (size_t)n : 0;
	}
	if (time(NULL) - begin > 1)
		puts("no answer");
	else
		fwrite(answer, 1, have, stdout);
	close(fd);
	return 0;
}
