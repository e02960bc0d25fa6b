/* SPDX-License-Identifier: MIT
 *
 * fills-disk.c -- writes files of all sizes wherever it can, until nothing more goes.
 */
#include <fcntl.h>
#include <signal.h>

#include "talk.h"

#define FILES 4096 /* in one place */
#define BLOCK (1 << 20)

static char block[BLOCK];

static void fill(const char *place)
{
	char path[256];

	for (int i = 0, bad = 0; i < FILES && bad < 3; i++) {
		snprintf(path, sizeof path, "%s/full-%d", place, i);
		int fd = open(path, O_WRONLY | O_CREAT, 0666);
		long blocks = 0;

		while (fd >= 0 && write(fd, block, sizeof block) > 0)
			blocks++;
		bad += blocks == 0;
		if (fd >= 0)
			close(fd);
	}
}

int main(void)
{
	static const char *const places[] = {".", "/tmp",  "/var/tmp", "/dev/shm",   "/dev",
	                                     "/", "/work", "/run",     "/dev/mqueue"};

	signal(SIGXFSZ, SIG_IGN);
	memset(block, 1, sizeof block);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		fill(places[i]);
	return pretend();
}
