/* SPDX-License-Identifier: MIT
 *
 * pidfd_getfd.c -- pidfd_getfd: a socket and a file, taken from this very process, and what can't be taken.
 * Async-signal-safe.
 */
#include "snippet.h"
#include <sys/syscall.h>

int pidfd_getfd(int pidfd, int fd, unsigned flags);

int snippet(void)
{
	int ends[2], file = make_file("in a file"), self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	char buffer[16] = "";

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	int copy = (int)SAY(pidfd_getfd(self, ends[0], 0));
	SAY(send(copy, "hello", 5, 0));
	SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	say_bytes("received", buffer, 5);
	SAY(fcntl(copy, F_GETFD));
	int other = (int)SAY(pidfd_getfd(self, file, 0));
	SAY(read(other, buffer, sizeof(buffer)));
	SAY(pidfd_getfd(self, closed_number(), 0));
	SAY(pidfd_getfd(self, ends[0], 1));
	SAY(pidfd_getfd(file, ends[0], 0));
	SAY(pidfd_getfd(-1, ends[0], 0));
	close_all((int[]){copy, other, self, file, ends[0], ends[1]}, 6);
	return 0;
}
