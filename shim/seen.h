/* SPDX-License-Identifier: MIT
 *
 * seen.h -- what a wait that has returned says of sockets with an after-state: the bits that the kernel does not show
 * by itself. Looks only at descriptors that the kernel has named as ended, adds to what it said of them, and changes
 * nothing else.
 */
#ifndef SF_SEEN_H
#define SF_SEEN_H

#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>

/* Has a short or refused send left something on this socket, or is it silent? Whether that is watched is of interest
 * also where nothing is told of it. */
bool sf_seen_matters(int fd);

void sf_seen_poll(struct pollfd *fds, nfds_t count, int ready);
void sf_seen_epoll(int epfd, struct epoll_event *events, int ready);

#endif
