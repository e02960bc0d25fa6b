/* SPDX-License-Identifier: MIT
 *
 * libc_state.c -- moves some bytes through a socket, then says all that a guest in this process must not have touched.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	struct sigaction action;
	char folder[4096], byte;
	int ends[2];

	srand(7);
	srandom(7);
	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	for (int i = 0; i < 50; i++)
		if (write(ends[0], "x", 1) != 1 || read(ends[1], &byte, 1) != 1)
			return 1;
	printf(
	    "%d %d %d %ld %f %o %s %s", rand(), rand(), rand(), random(), drand48(), umask(0), getcwd(folder, 4096),
	    getenv("LANG"));
	for (int i = 1; i < 65; i++)
		printf(" %d", sigaction(i, NULL, &action) ? -1 : action.sa_handler != SIG_DFL);
	return 0;
}
