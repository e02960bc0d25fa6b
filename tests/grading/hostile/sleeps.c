/* SPDX-License-Identifier: MIT
 *
 * sleeps.c -- sleeps beyond its time, and would then be right.
 */
#include "talk.h"

int main(void)
{
	sleep(3600);
	return pretend();
}
