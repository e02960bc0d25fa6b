/* SPDX-License-Identifier: MIT
 *
 * children-not-reaped-server.c -- a server that forks for each client, and waits for none of these children.
 *
 * finds: children-not-reaped
 * rule: none
 * role: server
 * client: for i in 1 2 3 4 5 6; do build/targets/robust-line-client 127.0.0.1 {port} $i; done
 */
#include "../target.h"

static _Noreturn void serve(int fd)
{
	char data[256];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			_exit(1);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int listener = listen_on(argv[1]);

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		if (fork() == 0) { /* here: children-not-reaped */
			close(listener);
			serve(fd);
		}
		close(fd);
	}
}
