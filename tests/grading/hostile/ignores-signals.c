/* SPDX-License-Identifier: MIT
 *
 * ignores-signals.c -- blocks and ignores all that can be blocked and ignored, and stays.
 */
#include <signal.h>

#include "talk.h"

int main(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 1; i < 65; i++)
		signal(i, SIG_IGN);
	pretend();
	for (;;)
		pause();
}
