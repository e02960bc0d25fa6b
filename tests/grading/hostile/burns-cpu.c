/* SPDX-License-Identifier: MIT
 *
 * burns-cpu.c -- computes in several processes, for nothing, and won't be told that its time is up.
 */
#include <signal.h>

#include "talk.h"

int main(void)
{
	signal(SIGXCPU, SIG_IGN);
	pretend();
	for (int i = 0; i < 2; i++)
		fork();
	for (volatile unsigned long n = 0;; n++)
		;
}
