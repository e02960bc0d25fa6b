/* SPDX-License-Identifier: MIT
 *
 * real.c -- the real_ pointers, what they stand for before they are bound, and the binding.
 * The early_ functions are system calls with libc's error convention and nothing else: no cancellation points, no
 * locks.
 */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>

#include "next.h"
#include "sys.h"

#define SIGSET_BYTES 8 /* of the kernel's sigset_t */

static long done(long result)
{
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

/* EARLY(type, name, (parameters), kernel's name, arguments): one system call that takes what libc's function takes. */
#define EARLY(type, name, parameters, nr, ...)                                                                         \
	static type early_##name parameters                                                                                \
	{                                                                                                                  \
		return (type)done(sf_sys(SYS_##nr, __VA_ARGS__));                                                              \
	}

EARLY(int, socket, (int domain, int type, int protocol), socket, domain, type, protocol)
EARLY(int, socketpair, (int domain, int type, int protocol, int fds[2]), socketpair, domain, type, protocol, fds)
EARLY(int, bind, (int fd, const struct sockaddr *to, socklen_t len), bind, fd, to, len)
EARLY(int, listen, (int fd, int backlog), listen, fd, backlog)
EARLY(int, connect, (int fd, const struct sockaddr *to, socklen_t len), connect, fd, to, len)
EARLY(int, accept, (int fd, struct sockaddr *from, socklen_t *len), accept4, fd, from, len)
EARLY(int, accept4, (int fd, struct sockaddr *from, socklen_t *len, int flags), accept4, fd, from, len, flags)
EARLY(ssize_t, send, (int fd, const void *buf, size_t len, int flags), sendto, fd, buf, len, flags)
EARLY(
    ssize_t, sendto, (int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len),
    sendto, fd, buf, len, flags, to, to_len)
EARLY(ssize_t, write, (int fd, const void *buf, size_t len), write, fd, buf, len)
EARLY(ssize_t, writev, (int fd, const struct iovec *iov, int count), writev, fd, iov, count)
EARLY(
    ssize_t, pwritev2, (int fd, const struct iovec *iov, int count, off_t at, int flags), pwritev2, fd, iov, count, at,
    0, flags)
EARLY(ssize_t, sendfile, (int out, int in, off_t *at, size_t len), sendfile, out, in, at, len)
EARLY(
    ssize_t, splice, (int in, off64_t *in_at, int out, off64_t *out_at, size_t len, unsigned flags), splice, in, in_at,
    out, out_at, len, flags)
EARLY(
    ssize_t, vmsplice, (int fd, const struct iovec *iov, size_t count, unsigned flags), vmsplice, fd, iov, count, flags)
EARLY(ssize_t, recv, (int fd, void *buf, size_t len, int flags), recvfrom, fd, buf, len, flags)
EARLY(
    ssize_t, recvfrom, (int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *from_len), recvfrom,
    fd, buf, len, flags, from, from_len)
EARLY(ssize_t, read, (int fd, void *buf, size_t len), read, fd, buf, len)
EARLY(ssize_t, readv, (int fd, const struct iovec *iov, int count), readv, fd, iov, count)
EARLY(
    ssize_t, preadv2, (int fd, const struct iovec *iov, int count, off_t at, int flags), preadv2, fd, iov, count, at, 0,
    flags)
EARLY(
    ssize_t, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags), recvfrom, fd, buf,
    len < room ? len : room, flags)
EARLY(
    ssize_t, __recvfrom_chk,
    (int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *from, socklen_t *from_len), recvfrom, fd,
    buf, len < room ? len : room, flags, from, from_len)
EARLY(ssize_t, __read_chk, (int fd, void *buf, size_t len, size_t room), read, fd, buf, len < room ? len : room)
EARLY(
    int, ppoll, (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask), ppoll, fds,
    count, timeout, mask, SIGSET_BYTES)
EARLY(
    int, __ppoll_chk,
    (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t room), ppoll, fds,
    count, timeout, mask, room ? SIGSET_BYTES : 0)
EARLY(
    int, epoll_wait, (int fd, struct epoll_event *events, int count, int timeout), epoll_pwait, fd, events, count,
    timeout, NULL, SIGSET_BYTES)
EARLY(
    int, epoll_pwait, (int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask), epoll_pwait,
    fd, events, count, timeout, mask, SIGSET_BYTES)
EARLY(
    int, epoll_pwait2,
    (int fd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask), epoll_pwait2,
    fd, events, count, timeout, mask, SIGSET_BYTES)
EARLY(int, epoll_create, (int size), epoll_create1, size > 0 ? 0 : -1)
EARLY(int, epoll_create1, (int flags), epoll_create1, flags)
EARLY(int, epoll_ctl, (int epfd, int op, int fd, struct epoll_event *event), epoll_ctl, epfd, op, fd, event)
EARLY(int, shutdown, (int fd, int how), shutdown, fd, how)
EARLY(int, close, (int fd), close, fd)
EARLY(int, close_range, (unsigned first, unsigned last, int flags), close_range, first, last, flags)
EARLY(int, dup, (int fd), dup, fd)
EARLY(int, dup3, (int from, int to, int flags), dup3, from, to, flags)
EARLY(int, pidfd_getfd, (int pidfd, int fd, unsigned flags), pidfd_getfd, pidfd, fd, flags)
EARLY(
    int, getsockopt, (int fd, int level, int name, void *value, socklen_t *len), getsockopt, fd, level, name, value,
    len)
EARLY(
    int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len), setsockopt, fd, level, name,
    value, len)
EARLY(int, getsockname, (int fd, struct sockaddr *address, socklen_t *len), getsockname, fd, address, len)
EARLY(int, getpeername, (int fd, struct sockaddr *address, socklen_t *len), getpeername, fd, address, len)
EARLY(pid_t, wait, (int *status), wait4, -1, status)
EARLY(pid_t, waitpid, (pid_t pid, int *status, int options), wait4, pid, status, options)
EARLY(pid_t, wait3, (int *status, int options, struct rusage *usage), wait4, -1, status, options, usage)
EARLY(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage), wait4, pid, status, options, usage)
EARLY(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options), waitid, type, id, info, options)
EARLY(int, execve, (const char *path, char *const argv[], char *const envp[]), execve, path, argv, envp)
EARLY(
    int, execveat, (int dir, const char *path, char *const argv[], char *const envp[], int flags), execveat, dir, path,
    argv, envp, flags)

/* What is no header at all is for the kernel to refuse. */
static const void *tidy(const struct msghdr *header)
{
	if ((uintptr_t)header >= 4096)
		sf_real_tidy(header);
	return header;
}

static struct mmsghdr *tidy_all(struct mmsghdr *messages, unsigned count)
{
	for (unsigned i = 0; i < count && i < IOV_MAX && (uintptr_t)messages >= 4096; i++)
		sf_real_tidy(&messages[i].msg_hdr);
	return messages;
}

EARLY(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), sendmsg, fd, tidy(msg), flags)
EARLY(
    int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned count, int flags), sendmmsg, fd, tidy_all(msgs, count),
    count, flags)
EARLY(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), recvmsg, fd, tidy(msg), flags)
EARLY(
    int, recvmmsg, (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout), recvmmsg, fd,
    tidy_all(msgs, count), count, flags, timeout)

static struct timespec *milliseconds(int timeout, struct timespec *ts)
{
	ts->tv_sec = timeout / 1000;
	ts->tv_nsec = timeout % 1000 * 1000000L;
	return timeout < 0 ? NULL : ts;
}

static int early_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	struct timespec ts;

	return early_ppoll(fds, count, milliseconds(timeout, &ts), NULL);
}

static int early___poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room)
{
	return early_poll(fds, room / sizeof *fds < count ? room / sizeof *fds : count, timeout);
}

static int
early_pselect(int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec ts = timeout ? *timeout : (struct timespec){0};
	struct {
		const sigset_t *mask;
		size_t size;
	} both = {mask, SIGSET_BYTES};

	return (int)done(sf_sys(SYS_pselect6, count, in, out, except, timeout ? &ts : NULL, &both));
}

static int early_select(int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
	struct timespec ts = {0};

	if (!timeout)
		return early_pselect(count, in, out, except, NULL, NULL);
	ts = (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000L};
	int ready = (int)done(sf_sys(SYS_pselect6, count, in, out, except, &ts, NULL));

	*timeout = (struct timeval){ts.tv_sec, ts.tv_nsec / 1000}; /* the kernel tells what is left */
	return ready;
}

static int early_dup2(int from, int to)
{
	if (from == to)
		return done(sf_sys(SYS_fcntl, from, F_GETFD)) < 0 ? -1 : to;
	return early_dup3(from, to, 0);
}

static int early_fcntl(int fd, int command, ...)
{
	va_list rest;

	va_start(rest, command);
	long argument = va_arg(rest, long);

	va_end(rest);
	return (int)done(sf_sys(SYS_fcntl, fd, command, argument));
}

static int early_ioctl(int fd, unsigned long request, ...)
{
	va_list rest;

	va_start(rest, request);
	long argument = va_arg(rest, long);

	va_end(rest);
	return (int)done(sf_sys(SYS_ioctl, fd, request, argument));
}

EARLY(int, setrlimit, (__rlimit_resource_t resource, const struct rlimit *limit), prlimit64, 0, resource, limit, NULL)
EARLY(
    int, prlimit, (pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *before),
    prlimit64, pid, resource, limit, before)

static int early_prctl(int option, ...)
{
	va_list rest;
	long a[4];

	va_start(rest, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(rest, long);
	va_end(rest);
	return (int)done(sf_sys(SYS_prctl, option, a[0], a[1], a[2], a[3]));
}

static void early__exit(int status) __attribute__((noreturn));

static void early__exit(int status)
{
	for (;;)
		sf_sys(SYS_exit_group, status);
}

static pid_t early__Fork(void)
{
	return (pid_t)done(sf_sys(SYS_clone, SIGCHLD));
}

/* Stays where libc has none: then nobody asks for it. */
static void early_closefrom(int first)
{
	sf_sys(SYS_close_range, first < 0 ? 0 : first, ~0u, 0);
}

/* More than one system call each: nobody calls these before libc itself works, so they bind on the spot. */
#define LATE(type, name, parameters, ...)                                                                              \
	static type early_##name parameters                                                                                \
	{                                                                                                                  \
		const char *missing;                                                                                           \
                                                                                                                       \
		sf_real_bind(&missing);                                                                                        \
		return real_##name(__VA_ARGS__);                                                                               \
	}

LATE(int, sockatmark, (int fd), fd)
LATE(
    int, getaddrinfo, (const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found),
    node, service, hints, found)
LATE(
    int, getnameinfo,
    (const struct sockaddr *address, socklen_t len, char *host, socklen_t host_len, char *service,
     socklen_t service_len, int flags),
    address, len, host, host_len, service, service_len, flags)
LATE(struct hostent *, gethostbyname, (const char *name), name)
LATE(struct hostent *, gethostbyname2, (const char *name, int family), name, family)
LATE(struct hostent *, gethostbyaddr, (const void *address, socklen_t len, int family), address, len, family)
LATE(
    int, gethostbyname_r,
    (const char *name, struct hostent *room, char *buf, size_t len, struct hostent **found, int *error), name, room,
    buf, len, found, error)
LATE(
    int, gethostbyname2_r,
    (const char *name, int family, struct hostent *room, char *buf, size_t len, struct hostent **found, int *error),
    name, family, room, buf, len, found, error)
LATE(
    int, gethostbyaddr_r,
    (const void *address, socklen_t address_len, int family, struct hostent *room, char *buf, size_t len,
     struct hostent **found, int *error),
    address, address_len, family, room, buf, len, found, error)
LATE(int, getaddrinfo_a, (int mode, struct gaicb **list, int count, struct sigevent *event), mode, list, count, event)
LATE(FILE *, fdopen, (int fd, const char *mode), fd, mode)
LATE(FILE *, freopen, (const char *path, const char *mode, FILE *stream), path, mode, stream)
LATE(int, fclose, (FILE * stream), stream)
LATE(int, vdprintf, (int fd, const char *format, va_list arguments), fd, format, arguments)
LATE(int, __vdprintf_chk, (int fd, int flag, const char *format, va_list arguments), fd, flag, format, arguments)
LATE(pid_t, fork, (void))
LATE(
    int, pthread_create, (pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument),
    thread, attributes, start, argument)
LATE(int, fexecve, (int fd, char *const argv[], char *const envp[]), fd, argv, envp)
LATE(int, execvpe, (const char *file, char *const argv[], char *const envp[]), file, argv, envp)
LATE(
    int, posix_spawn,
    (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
     char *const argv[], char *const envp[]),
    pid, path, actions, attributes, argv, envp)
LATE(
    int, posix_spawnp,
    (pid_t * pid, const char *file, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
     char *const argv[], char *const envp[]),
    pid, file, actions, attributes, argv, envp)
LATE(int, system, (const char *command), command)
LATE(FILE *, popen, (const char *command, const char *mode), command, mode)

/* The assembly of wrap/ binds these before it jumps, if need be; the exec family is written in terms of execve and
 * execvpe, dprintf in terms of vdprintf. */
#define early_vfork NULL
#define early_clone NULL
#define early_syscall NULL
#define early_execv NULL
#define early_execvp NULL
#define early_execl NULL
#define early_execle NULL
#define early_execlp NULL
#define early_dprintf NULL
#define early___dprintf_chk NULL

#define SF_CALL(name, operation, presence) __typeof__(name) *real_##name = early_##name;
#define SF_NAMED SF_CALL
#define SF_ALIAS(name, of)
#include "core/calls.def"
#undef SF_CALL
#undef SF_NAMED
#undef SF_ALIAS

#define REQUIRED true
#define OPTIONAL false

static const struct {
	char name[20];
	bool required;
	void **place;
} bindings[] = {
#define SF_CALL(name, operation, presence) {#name, presence, (void **)&real_##name},
#define SF_NAMED SF_CALL
#define SF_ALIAS(name, of)
#include "core/calls.def"
#undef SF_CALL
#undef SF_NAMED
#undef SF_ALIAS
};

const char *sf_libc_is_alone;
intptr_t sf_errno_ahead;

static uintptr_t thread_pointer(void)
{
#ifdef __x86_64__
	return *(const uintptr_t __seg_fs *)0; /* it points at itself */
#else
	return (uintptr_t)__builtin_thread_pointer();
#endif
}

bool sf_real_bind(const char **missing)
{
	struct sf_next next;

	sf_libc_is_alone = dlsym(RTLD_DEFAULT, "__libc_single_threaded");
	sf_errno_ahead = (intptr_t)((uintptr_t)&errno - thread_pointer());
	sf_next_begin(&next);
	for (size_t i = 0; i < sizeof bindings / sizeof bindings[0]; i++) {
		void *found = sf_next(&next, bindings[i].name);

		if (found)
			__atomic_store_n(bindings[i].place, found, __ATOMIC_RELAXED);
		else if (bindings[i].required) {
			*missing = bindings[i].name;
			return false;
		}
	}
	return true;
}
