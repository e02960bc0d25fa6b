/* SPDX-License-Identifier: MIT
 *
 * daemon.c -- leaves a daemon behind, which goes on talking to the peer.
 */
#include <signal.h>

#include "talk.h"

int main(int argc, char **argv)
{
	char line[256] = "";

	(void)argc;
	pretend();
	if (fork())
		_exit(0);
	setsid();
	if (fork())
		_exit(0);
	for (int i = 0; i < 3; i++)
		close(i);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (;;) {
		int fd = dial(argv);

		ask(fd, line, sizeof line);
		close(fd);
		usleep(100000);
	}
}
