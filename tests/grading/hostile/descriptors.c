/* SPDX-License-Identifier: MIT
 *
 * descriptors.c -- writes over each descriptor that it was born with, opens them anew for more than it was given, and
 * closes them.
 */
#include <fcntl.h>

#include "talk.h"

int main(void)
{
	char path[64], text[] = "{\"score\": 100, \"status\": \"passed\"}\n";

	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		int again = open(path, O_RDWR);

		(void)!write(fd, text, sizeof text);
		if (again > fd) {
			(void)!pwrite(again, text, sizeof text, 0);
			(void)!ftruncate(again, 0);
		}
		dup2(0, fd);
		close(fd);
	}
	return pretend();
}
