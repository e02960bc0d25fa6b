/* SPDX-License-Identifier: MIT
 *
 * registered.h -- what this process has registered with its epoll instances: what the program asked for, and how much
 * of it the kernel knows now. Two things are done to a registration, both only while a fault is applied: it is given
 * its edge again, and directions that are silent are left out of it. What the program does to it meanwhile is kept and
 * shown as far as it may be. Memory of this process alone; no lock, no descriptor; safe in threads and handlers.
 *
 * An instance may have several numbers (dup); its registrations are kept under one of them. One that came from
 * elsewhere (by exec, or in a message) is read from /proc whenever a fault is applied. Not followed: what is registered
 * under a number that was closed while a copy of the socket lives (Linux lets nobody change such a registration), and
 * numbers above SF_FDS.
 */
#ifndef SF_REGISTERED_H
#define SF_REGISTERED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "fdtab.h"

/* The highest number that is registered, or is an epoll instance, plus one. */
extern _Atomic int sf_epoll_top;

/* Of sf_fd_table.registered. */
enum { SF_EPOLL_REGISTERED = 1, SF_EPOLL_INSTANCE = 2 };

static inline bool sf_epoll_knows(int fd)
{
	return (unsigned)fd < SF_FDS && __atomic_load_n(&sf_fd_table.registered[fd], __ATOMIC_RELAXED);
}

/* Is it the number of an epoll instance? */
static inline bool sf_epoll_is_instance(int fd)
{
	return (unsigned)fd < SF_FDS && __atomic_load_n(&sf_fd_table.registered[fd], __ATOMIC_RELAXED) & SF_EPOLL_INSTANCE;
}

/* A number of an instance: just made; as a copy of another number; perhaps one, come from elsewhere. */
void sf_epoll_made(int epfd);
void sf_epoll_copied(int from, int to);
void sf_epoll_discover(int fd);

/* The descriptor that is registered with this data; -1: none, or several. */
int sf_epoll_find(int epfd, uint64_t data);

/* The conditions that the program has asked for of fd, in whatever instance. */
uint32_t sf_epoll_asked(int fd);

/* A wait has found events of fd, part of which is silent, and tells of it what is in `told`; 0: it is as if it had not
 * been found, until it may be shown. */
void sf_epoll_settle(int epfd, int fd, uint32_t found, uint32_t told);

/* Asks the rules about all that is ready in this instance (sf_gate_ahead). True: something is kept silent. */
bool sf_epoll_ahead(int epfd);

/* The real epoll_ctl, with what may be shown in place of what was asked. Result and errno as libc's. */
int sf_epoll_control(int epfd, int op, int fd, struct epoll_event *event);
/* The same where waits are not watched: nothing has ever been held back. */
int sf_epoll_control_shown(int epfd, int op, int fd, struct epoll_event *event);

/* The number is about to be closed: as a registered descriptor and as an epoll instance. */
void sf_epoll_forget(int fd);
void sf_epoll_forget_range(unsigned first, unsigned last);

/* Is fd registered there, with this data? */
bool sf_epoll_has(int epfd, int fd, uint64_t data);

/* Gives fd's edge-triggered registrations their edge again, also for a thread that waits already. */
void sf_epoll_rearm(int fd);

/* Shows of fd's registrations what may be shown now (sf_silence, hold.h). */
void sf_epoll_show(int fd);

#endif
