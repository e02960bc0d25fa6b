/* SPDX-License-Identifier: MIT
 *
 * server.h -- signals as servers have them: SIGTERM asks for an end in good order, and SIGCHLD has a handler, for
 * there are helper processes. Without SA_RESTART: both interrupt a call that waits.
 */
#ifndef SERVER_H
#define SERVER_H

#include <signal.h>

#include "target.h"

static volatile sig_atomic_t stop;

static inline void on_signal(int signal)
{
	if (signal == SIGTERM)
		stop = 1;
}

static inline void handle_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
}

#endif
