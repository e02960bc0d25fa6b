/* SPDX-License-Identifier: MIT
 *
 * turn.c -- one file, one run: by a lock, which the kernel takes from the dead.
 */
#include "cli/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/cli.h"

int sf_turn_take(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		sf_die("can't open %s, to wait for a turn: %s", path, strerror(errno));
	while (flock(fd, LOCK_EX) != 0)
		if (errno != EINTR)
			sf_die("can't lock %s, to wait for a turn: %s", path, strerror(errno));
	return fd;
}

void sf_turn_pass(int turn)
{
	if (turn < 0)
		return;
	(void)flock(turn, LOCK_UN);
	close(turn);
}
