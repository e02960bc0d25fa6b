/* SPDX-License-Identifier: MIT
 *
 * hangup-ignored-poll-client.c -- compares revents with POLLIN and nothing else: when the connection is reset poll()
 * says POLLIN, POLLERR and POLLHUP, at once and for ever.
 *
 * finds: hangup-ignored
 * rule: sockopt func=getpeername nth=1: reset
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <poll.h>

#include "../talk.h"

int main(int argc, char **argv)
{
	struct pollfd p = {.events = POLLIN};
	struct sockaddr_in server = {0};
	socklen_t size = sizeof(server);
	char answer[64];
	size_t have = 0;
	ssize_t n = 1;
	time_t end = time(NULL) + 2;

	if (argc < 2)
		return 2;
	p.fd = connected(argv[1]);
	if (!send_all(p.fd, "hello\n", 6))
		die("send");
	getpeername(p.fd, (struct sockaddr *)&server, &size);
	while (have < 6 && n > 0 && time(NULL) < end) {
		if (poll(&p, 1, 1000) < 0) /* here: hangup-ignored */
			continue;
		if (p.revents == POLLIN && (n = recv(p.fd, answer + have, sizeof(answer) - have, 0)) > 0)
			have += (size_t)n;
		wait_ms(2); /* not more than 500 rounds a second */
	}
	fwrite(answer, 1, have, stdout);
	close(p.fd);
	return have < 6;
}
