/* SPDX-License-Identifier: MIT
 *
 * server.h -- signals as servers have them: SIGTERM asks for an end in good order, and SIGCHLD has a handler, for
 * there are helper processes. Without SA_RESTART: both interrupt a call that waits. And what an accept() that failed
 * means to a server.
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

enum unaccepted {
	NOBODY,   /* nobody waits, a signal came, or the client has gone meanwhile: the next one may be well */
	NO_ROOM,  /* the client stays in the queue until there is some */
	NO_SERVER /* of no use any more */
};

/* Why accept() said this. Errors that were pending on the new socket are the client's: accept(2), Error handling. */
static inline enum unaccepted why_unaccepted(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return NO_ROOM;
	case EBADF:
	case EFAULT:
	case EINVAL:
	case ENOTSOCK:
		return NO_SERVER;
	default:
		return NOBODY;
	}
}

#endif
