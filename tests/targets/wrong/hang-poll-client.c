/* SPDX-License-Identifier: MIT
 *
 * hang-poll-client.c -- has two servers and takes the answer of the one that is faster; one that fails is taken out of
 * the set, and when both are out poll() waits for nobody.
 *
 * finds: hang
 * rule: recv: reset
 * role: client
 * timeout: 2s
 * peer: build/targets/robust-poll-server 127.0.0.1 {port}
 */
#include "../talk.h"

#include <poll.h>

static int ask(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		die("connect");
	if (!send_all(fd, "hello\n", 6))
		die("send");
	return fd;
}

/* Takes what has come; a server that fails is out. */
static void take(struct pollfd *server, char *answer, size_t *have)
{
	ssize_t n = recv(server->fd, answer + *have, 64 - *have, MSG_DONTWAIT);

	if (n > 0) {
		*have += (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(server->fd);
		server->fd = -1;
	}
}

int main(int argc, char **argv)
{
	char answers[2][64];
	size_t have[2] = {0};

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	struct pollfd servers[2] = {{.events = POLLIN}, {.events = POLLIN}};

	for (int i = 0; i < 2; i++)
		servers[i].fd = ask(&to);
	while (have[0] < 6 && have[1] < 6) {
		if (poll(servers, 2, -1) < 0) /* here: hang */
			continue;
		for (int i = 0; i < 2; i++)
			if (servers[i].fd >= 0 && servers[i].revents)
				take(&servers[i], answers[i], &have[i]);
	}
	fwrite(answers[have[0] < 6], 1, 6, stdout);
	for (int i = 0; i < 2; i++)
		if (servers[i].fd >= 0)
			close(servers[i].fd);
	return 0;
}
