/* SPDX-License-Identifier: MIT
 *
 * readiness.h -- what poll, select and epoll say must agree with what a fault made a call say. Two duties:
 * an edge that an injected EAGAIN or short count would swallow is given again (epoll_ctl MOD with the same mask and
 * data), and readiness of a socket that is held back (stall, latency) is withheld until its time. Owns no descriptor
 * and no thread. Costs nothing while nothing is held: the operation poll is not watched then.
 */
#ifndef SF_READINESS_H
#define SF_READINESS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "core/call.h"

/* A registration was made, changed or removed by the program (after the real epoll_ctl succeeded). */
void sf_epoll_registered(int epfd, int op, int fd, const struct epoll_event *event);

/* The descriptor is about to be closed. */
void sf_epoll_forget(int fd);

/* Gives fd's edge-triggered registrations their edge again. */
void sf_epoll_rearm(int fd);

/* The socket is silent until `until_ns` of the run (UINT64_MAX: for good), in one direction. */
void sf_hold(int fd, struct sf_socket *socket, bool sending, uint64_t until_ns);

/* Is it silent now? How many ns are left is written to *left_ns. */
bool sf_is_held(const struct sf_socket *socket, bool sending, uint64_t *left_ns);

/* poll, select and epoll_wait in a process that holds sockets back: as the real ones, with their signal masks. A NULL
 * timeout waits for good. Results and errno as libc's. */
int sf_held_poll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask);
int sf_held_select(
    int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout, const sigset_t *mask);
int sf_held_epoll(
    int epfd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask);

/* Does this process hold any socket back? */
bool sf_holds_any(void);

#endif
