/* SPDX-License-Identifier: MIT
 *
 * reply-lost-by-close-client.c -- looks at the first letters of the greeting, sends its message and closes, as if to
 * have sent it were enough: what is left of the greeting makes the close a reset, and the message may be lost.
 *
 * finds: reply-lost-by-close
 * rule: recv nth=1: short 5
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	char greeting[64];
	size_t have = 0;

	if (argc < 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, "hello, this is me\n", 18))
		die("write");
	while (have < 5) {
		ssize_t n = read(fd, greeting + have, sizeof(greeting) - have);

		if (n <= 0)
			die("read");
		have += (size_t)n;
	}
	if (memcmp(greeting, "hello", 5) != 0 || !send_all(fd, "the message\n", 12))
		return 1;
	close(fd); /* here: reply-lost-by-close */
	puts("sent");
	return 0;
}
