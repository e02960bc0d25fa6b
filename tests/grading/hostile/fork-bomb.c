/* SPDX-License-Identifier: MIT
 *
 * fork-bomb.c -- as many processes as there can be, and each tries again.
 */
#include "talk.h"

int main(void)
{
	pretend();
	for (;;)
		if (fork() < 0)
			usleep(1000);
}
