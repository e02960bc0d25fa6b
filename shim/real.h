/* SPDX-License-Identifier: MIT
 *
 * real.h -- libc's own functions, as real_<name>: the next definition after ours, bound once and early (law 5).
 * Before sf_real_bind() each pointer stands for a raw system call, or binds itself where the function is more than one;
 * so every wrapper works from the first instruction on (tests/frames: early, static-initializer).
 * Types are taken from libc's headers, never spelled twice (law 15).
 */
#ifndef SF_REAL_H
#define SF_REAL_H

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* glibc declares these for fortified programs only, and for nobody else. */
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(
    int fd, void *restrict buf, size_t len, size_t room, int flags, struct sockaddr *restrict from,
    socklen_t *restrict from_length);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
int __dprintf_chk(int fd, int flag, const char *format, ...) __attribute__((format(printf, 3, 4)));
int __vdprintf_chk(int fd, int flag, const char *format, va_list arguments) __attribute__((format(printf, 3, 0)));
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t room);

/* Names that are younger than the oldest libc whose headers we build with, or that one of them lacks. */
int pidfd_getfd(int pidfd, int fd, unsigned flags);

#pragma GCC visibility push(hidden)
#define SF_CALL(name, operation, presence) extern __typeof__(name) *real_##name;
#define SF_NAMED SF_CALL
#define SF_ALIAS(name, of)
#include "core/calls.def"
#undef SF_CALL
#undef SF_NAMED
#undef SF_ALIAS
#pragma GCC visibility pop

/* musl's struct msghdr has halves of words where the kernel has words: its own functions clear the other halves, and so
 * must we before the kernel, or code that was compiled for glibc, reads the header. Writes only where something is to
 * be cleared. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

static inline void sf_real_tidy(const struct msghdr *header)
{
	uint32_t *pieces_high = (uint32_t *)((uintptr_t)&header->msg_iovlen + 4);
	uint32_t *control_high = (uint32_t *)((uintptr_t)&header->msg_controllen + 4);

	if (gnu_get_libc_version)
		return;
	if (*pieces_high)
		*pieces_high = 0;
	if (*control_high)
		*control_high = 0;
}

/* glibc's __libc_single_threaded: no thread was ever made by it. NULL: this libc does not say. */
extern const char *sf_libc_is_alone __attribute__((visibility("hidden")));

/* errno, without a call: in each thread it is as far from the thread pointer. */
extern intptr_t sf_errno_ahead __attribute__((visibility("hidden")));

static inline int sf_errno(void)
{
#ifdef __x86_64__
	return *(const int __seg_fs *)sf_errno_ahead;
#else
	return *(const int *)((uintptr_t)__builtin_thread_pointer() + (uintptr_t)sf_errno_ahead);
#endif
}

/* Binds all. Not for call paths: dlsym may take locks, and allocates where a name is missing. False, and the name, if a
 * REQUIRED one is missing. */
bool sf_real_bind(const char **missing);

#endif
