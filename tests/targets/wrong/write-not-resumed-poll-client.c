/* SPDX-License-Identifier: MIT
 *
 * write-not-resumed-poll-client.c -- sends a line on a non-blocking socket; whatever became of that it waits for the
 * answer, and for nothing else.
 *
 * finds: write-not-resumed
 * rule: send nth=1: fail EAGAIN
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"

#include <poll.h>

int main(int argc, char **argv)
{
	static const char line[] = "hello\n";
	struct pollfd p = {.events = POLLIN};
	char answer[sizeof(line)];
	size_t sent = 0, have = 0;

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);

	p.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	while (have < sizeof(line) - 1) {
		ssize_t n = 0;

		if (sent == 0)
			n = send(p.fd, line, sizeof(line) - 1, MSG_NOSIGNAL | MSG_DONTWAIT); /* here: write-not-resumed */
		if (n < 0 && errno != EAGAIN)
			die("send");
		sent += n > 0 ? (size_t)n : 0;
		if (poll(&p, 1, 1200) == 0) { /* not for POLLOUT, although something may be left */
			fprintf(stderr, "no answer\n");
			return 1;
		}
		n = recv(p.fd, answer + have, sizeof(answer) - have, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return 1;
		have += n > 0 ? (size_t)n : 0;
	}
	fwrite(answer, 1, have, stdout);
	close(p.fd);
	return 0;
}
