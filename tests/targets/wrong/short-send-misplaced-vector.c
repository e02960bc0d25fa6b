/* SPDX-License-Identifier: MIT
 *
 * short-send-misplaced-vector.c -- sends a head and a body by writev(). After a short count it goes on with the first
 * piece that is not wholly sent, but from the start of that piece.
 *
 * finds: short-send-misplaced
 * rule: send nth=1: short 20
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <sys/uio.h>

#include "../talk.h"

int main(int argc, char **argv)
{
	char head[] = "length 42\n", body[] = "the body has as many bytes as it is said.\n";
	struct iovec pieces[2] = {{head, strlen(head)}, {body, strlen(body)}};
	int at = 0;

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	int fd = connected(argv[1]);

	while (at < 2) {
		ssize_t n = writev(fd, pieces + at, 2 - at); /* here: short-send-misplaced */

		if (n < 0)
			die("writev");
		while (at < 2 && (size_t)n >= pieces[at].iov_len)
			n -= (ssize_t)pieces[at++].iov_len;
	}
	if (shutdown(fd, SHUT_WR) < 0)
		die("shutdown");
	print_all(fd);
	close(fd);
	return 0;
}
