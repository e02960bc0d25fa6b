/* SPDX-License-Identifier: MIT
 *
 * descriptor-shared-with-child-listener.c -- a game for three: it begins when all are there, with a process for each,
 * and nobody else is let in. The processes have the listener open all the same.
 *
 * finds: descriptor-shared-with-child
 * rule: none
 * role: server
 * client: { for i in 1 2 3; do build/targets/robust-line-client 127.0.0.1 {port} $i & done; wait; } | sort
 */
#include "../target.h"
#include <sys/wait.h>

static _Noreturn void play(int fd, int begin)
{
	char data[256];
	ssize_t n = read(begin, data, 1); /* 0: all are there */

	while (n >= 0 && (n = recv(fd, data, sizeof(data), 0)) > 0)
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	close(fd);
	_exit(0);
}

int main(int argc, char **argv)
{
	int begin[2];

	if (argc < 2 || pipe(begin) < 0)
		return 2;
	int listener = listen_on(argv[1]);

	for (int players = 0; players < 3;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		players++;
		if (fork() == 0) { /* here: descriptor-shared-with-child */
			close(begin[1]);
			play(fd, begin[0]);
		}
		close(fd);
	}
	close(listener);
	close(begin[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
