/* SPDX-License-Identifier: MIT
 *
 * not-transparent-slow.c -- tries for an answer that is not there at once, and takes the default instead.
 *
 * finds: not-transparent
 * rule: recv nth=1: fail EAGAIN
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

#include <poll.h>

int main(int argc, char **argv)
{
	struct pollfd p = {.events = POLLIN};
	char answer[64] = "default\n";
	size_t have = 0;

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);

	p.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (!send_all(p.fd, "hello\n", 6))
		die("send");
	while (have < 6 && poll(&p, 1, 1000) > 0) {
		ssize_t n = recv(p.fd, answer + have, 6 - have, MSG_DONTWAIT); /* here: not-transparent */

		if (n < 0 && errno == EAGAIN && have == 0) {
			poll(&p, 1, 0); /* once more, and then enough of it */
			break;
		}
		if (n <= 0)
			return 1;
		have += (size_t)n;
	}
	if (have == 6)
		answer[6] = '\0';
	fputs(answer, stdout);
	close(p.fd);
	return 0;
}
