/* SPDX-License-Identifier: MIT
 *
 * descriptor-shared-with-child-parent.c -- a server that forks for each client, and keeps the connection that it
 * has given away.
 *
 * finds: descriptor-shared-with-child
 * rule: none
 * role: server
 * client: for i in 1 2 3 4; do build/targets/robust-line-client 127.0.0.1 {port} $i; done
 */
#include "../target.h"
#include <signal.h>

static _Noreturn void serve(int fd)
{
	char data[256];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	close(fd);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int listener = listen_on(argv[1]);

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL); /* here: descriptor-shared-with-child */

		if (fd < 0)
			continue;
		if (fork() == 0) { /* here: descriptor-shared-with-child */
			close(listener);
			serve(fd);
		}
	}
}
