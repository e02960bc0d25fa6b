/* SPDX-License-Identifier: MIT
 *
 * readiness.h -- what poll, select and epoll say must agree with what a fault made a call say. Readiness of a socket
 * that is held back (hold.h) is withheld until its time, here for poll and select, by registered.h for
 * epoll, which also gives an edge again that an injected EAGAIN or short count would swallow. Owns no descriptor and no
 * thread.
 *
 * What a wait is about to report is looked at first: does a rule keep silent what has come (sf_gate_ahead), was it
 * another thread that began a silence meanwhile, is a connection just being reset? Then the wait goes on, with what is
 * left of its time, and ends early enough for what it knows to be held back. One case is left in which nobody would
 * wake it: several threads, epoll, and a silence that began after the wait. There a wait is made of rounds of 1 to 20
 * ms. Where no rule of the process can hold anything back the real call is made, and nothing else. A wait that was
 * begun before such rules were loaded (sockfault ctl) ends as it would have.
 */
#ifndef SF_READINESS_H
#define SF_READINESS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/select.h>
#include <time.h>

#include "core/call.h"
#include "hold.h"
#include "registered.h"

/* Does the kernel's count of bytes (FIONREAD) have to be 0, for they are silent? */
bool sf_hides_bytes(int fd);

/* Are waits of this process to be made by the functions below? Not with a timeout (the program's own timespec or
 * timeval, or NULL) that can't be read: the kernel is to say so. */
bool sf_waits_are_ours(const void *timeout);

/* The same for select, to which one half of a reset looks like the whole. */
bool sf_selects_are_ours(const void *timeout);

/* May a wait of this process, which has no time of its own to keep, be the real one as long as it finds nothing? Rules
 * may hold something back, but nothing is, and nobody else can begin to. */
static inline bool sf_wait_is_plain(uint64_t why, int timeout_ms)
{
	return !(why & ~(uint64_t)(SF_WATCH_HOLDS | SF_WATCH_ENDS)) && timeout_ms <= 0 &&
	       atomic_load_explicit(&sf_held_count, memory_order_relaxed) == 0 && sf_self_is_alone();
}

/* Such a wait has found something: as sf_held_poll and sf_held_epoll, from there on. */
int sf_found_poll(struct pollfd *fds, nfds_t count, int timeout_ms, int found);
int sf_found_epoll(int epfd, struct epoll_event *events, int count, int timeout_ms, int found);

/* poll, select and epoll_wait: as the real ones, with their signal masks. A NULL timeout waits for good.
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
