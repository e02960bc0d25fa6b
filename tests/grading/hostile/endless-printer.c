/* SPDX-License-Identifier: MIT
 *
 * endless-printer.c -- prints for ever, on both outputs.
 */
#include <signal.h>

#include "talk.h"

int main(void)
{
	char text[4096];

	memset(text, 'x', sizeof text);
	signal(SIGXFSZ, SIG_IGN);
	for (;;)
		for (int fd = 1; fd <= 2; fd++)
			(void)!write(fd, text, sizeof text);
}
