/* SPDX-License-Identifier: MIT
 *
 * handler.c -- preloaded by tests: a handler of SIGURG that stands from the start and does nothing, without
 * SA_RESTART. A program that sets its own keeps that.
 */
#include <signal.h>
#include <stddef.h>

static void nothing(int number)
{
	(void)number;
}

__attribute__((constructor)) static void stand(void)
{
	struct sigaction action = {.sa_handler = nothing};

	sigaction(SIGURG, &action, NULL);
}
