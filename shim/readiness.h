/* SPDX-License-Identifier: MIT
 *
 * readiness.h -- what poll, select and epoll say must agree with what a fault made a call say. Readiness of a socket
 * that is held back (stall, latency, rate) is withheld until its time, here for poll and select, by registered.h for
 * epoll, which also gives an edge again that an injected EAGAIN or short count would swallow. Owns no descriptor and no
 * thread.
 *
 * A wait that has begun must notice a silence that another thread begins, and one that ends. So in a process whose
 * rules can hold sockets back, and in one that holds one back, a wait is made of rounds. In all others the real call is
 * made, and nothing else. A wait that was begun before such rules were loaded (sockfault ctl) ends as it would have.
 */
#ifndef SF_READINESS_H
#define SF_READINESS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/select.h>
#include <time.h>

#include "core/call.h"
#include "registered.h"

/* The socket is silent until `until_ns` of the run (UINT64_MAX: for good), in one direction. */
void sf_hold(int fd, struct sf_socket *socket, bool sending, uint64_t until_ns);

/* fd turned out to be a socket that is held back already, by another process or through another number. */
void sf_hold_here(int fd);

/* Is it silent now? How many ns are left is written to *left_ns. */
bool sf_is_held(const struct sf_socket *socket, bool sending, uint64_t *left_ns);

/* The directions in which fd is silent now: SF_SILENT_ bits. */
unsigned sf_silence(int fd);

/* Is a wait of this process to be made of rounds, by the functions below? */
bool sf_waits_in_rounds(void);

/* poll, select and epoll_wait in rounds: as the real ones, with their signal masks. A NULL timeout waits for good.
 * Results and errno as libc's. They are cancellation points. What a wait took for its time (more than 64 descriptors)
 * stays mapped if a handler leaves it by longjmp, or the thread is cancelled. */
int sf_held_poll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask);
int sf_held_select(
    int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout, const sigset_t *mask);
int sf_held_epoll(
    int epfd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask);

/* What a call waits for. Exactly one of fds, sets and neither (epoll: the call's descriptor). */
struct sf_wait {
	struct pollfd *fds;
	fd_set *const *sets; /* in, out, except */
	size_t count;
	bool at_once;                   /* its timeout is 0: of epoll alone */
	const struct timespec *timeout; /* of epoll_pwait2, else NULL */
};

/* Is nothing ready now? Then a signal could end the wait. Takes nothing: an edge stays. */
bool sf_wait_finds_nothing(const struct sf_call *c);

/* epoll_wait is interrupted by SIGSTOP and SIGCONT too, without any handler, but not where it does not wait. */
static inline bool sf_wait_is_epoll(const struct sf_call *c)
{
	return c->wait && !c->wait->fds && !c->wait->sets;
}

#endif
