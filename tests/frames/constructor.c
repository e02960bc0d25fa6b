/* SPDX-License-Identifier: MIT
 *
 * constructor.c -- runs the snippet in the constructor of a library that the program needs: the dynamic linker calls it
 * before those of preloaded libraries, so that wrappers are reached before they are ready. The program then ends with
 * its status.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"

int frame_status = 97;

/* musl gives constructors no arguments. */
static const char *second_argument(char *line, size_t size)
{
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t length = read(fd, line, size - 1);
	const char *word = line;

	close(fd);
	line[length > 0 ? length : 0] = '\0';
	for (int i = 0; i < 2 && word < line + length; i++)
		word += strlen(word) + 1;
	return word;
}

__attribute__((constructor)) static void run_early(void)
{
	char line[512];

	frame_status = frame_run(second_argument(line, sizeof(line)));
}
