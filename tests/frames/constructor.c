/* SPDX-License-Identifier: MIT
 *
 * constructor.c -- runs the snippet in the constructor of a library that the program needs: the dynamic linker calls it
 * before those of preloaded libraries, so that wrappers are reached before they are ready. The program then ends with
 * its status.
 */
#include "frames.h"

int frame_status = 97;

__attribute__((constructor)) static void run_early(int argc, char **argv, char **environment)
{
	(void)environment;
	if (argc == 3)
		frame_status = frame_run(argv[2]);
}
