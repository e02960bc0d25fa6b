/* SPDX-License-Identifier: MIT
 *
 * fcntl.c -- fcntl: duplicates, flags of descriptors and of files, locks, owners, what is refused. Async-signal-safe.
 */
#include "snippet.h"

static void duplicates(int fd)
{
	int low = (int)SAY(fcntl(fd, F_DUPFD, 40)), high = (int)SAY(fcntl(fd, F_DUPFD_CLOEXEC, 40));

	SAY(fcntl(low, F_GETFD));
	SAY(fcntl(high, F_GETFD));
	SAY(fcntl(low, F_SETFD, FD_CLOEXEC));
	SAY(fcntl(low, F_GETFD));
	SAY(fcntl(fd, F_DUPFD, -1));
	SAY(fcntl(fd, F_DUPFD, 1 << 30));
	close_all((int[]){low, high}, 2);
}

static void flags(int fd)
{
	char byte;

	SAY(fcntl(fd, F_GETFL));
	SAY(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK));
	SAY(fcntl(fd, F_GETFL));
	SAY(read(fd, &byte, 1));
	SAY(fcntl(fd, F_SETFL, O_RDWR));
	SAY(fcntl(fd, F_GETFL));
}

static void locks(int file, int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	SAY(fcntl(file, F_SETLK, &lock));
	SAY(fcntl(file, F_GETLK, &lock));
	SAY(fcntl(fd, F_SETLK, &lock));
	SAY(fcntl(file, F_GETLK, bad_pointer()));
}

int snippet(void)
{
	int tcp[3], tube[2], file = make_file("");

	make_tcp(tcp);
	make_pipe(tube);
	duplicates(tcp[CLIENT]);
	flags(tcp[CLIENT]);
	flags(tcp[SERVER]);
	duplicates(tube[0]);
	flags(tube[0]);
	locks(file, tcp[CLIENT]);
	SAY(fcntl(tcp[CLIENT], F_GETOWN));
	SAY(fcntl(tcp[CLIENT], F_GETSIG));
	SAY(fcntl(tcp[CLIENT], 9999));
	SAY(fcntl(-1, F_GETFD));
	SAY(fcntl(closed_number(), F_DUPFD, 0));
	close_all(tcp, 3);
	close_all((int[]){tube[0], tube[1], file}, 3);
	return 0;
}
