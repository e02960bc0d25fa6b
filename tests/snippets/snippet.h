/* SPDX-License-Identifier: MIT
 *
 * snippet.h -- what the snippets share. A snippet is one file for each row of calls.def: int snippet(void) exercises
 * that call and writes a transcript of what came of it; tests/snippets/test_snippets.py runs it natively first, then
 * under the library, in each of the frames, and the transcripts must be equal.
 *
 * Transcripts hold nothing that differs from run to run: no pids, ports, addresses, times or counts of buffers.
 * They do hold descriptor numbers: the library must not change them. Each line is written at once, so that what a
 * killed snippet did is seen. "Async-signal-safe" in the head comment lets the snippet run in a signal handler as well.
 */
#ifndef SNIPPET_H
#define SNIPPET_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* musl knows errors by their sentences alone. */
#ifndef __GLIBC__
#define strerrorname_np strerror
#endif

/* Each file defines this; the build gives it the name of its row. 0, unless the snippet itself could not work. */
int snippet(void);

/* An errno that no call sets: a success must leave it alone. */
#define ERRNO_BEFORE 12345

/* Makes the call and writes "CALL = RESULT ERRNO". The value is the call's. */
#define SAY(call)                                                                                                      \
	__extension__({                                                                                                    \
		errno = ERRNO_BEFORE;                                                                                          \
		long say_result_ = (long)(call);                                                                               \
		say_call(#call, say_result_, errno);                                                                           \
		say_result_;                                                                                                   \
	})

void say_call(const char *what, long result, int error);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_bytes(const char *what, const void *data, size_t length);

/* A pointer to nothing mapped: EFAULT. The compiler can't know. */
void *bad_pointer(void);

/* Descriptors to try a call on. Each exits with a message if it can't be made. */
enum { CLIENT, SERVER, LISTENER };
void make_pair(int domain, int type, int ends[2]); /* socketpair */
void make_tcp(int fds[3]);                         /* connected over loopback: CLIENT, SERVER, LISTENER */
void make_tcp6(int fds[3]);
void make_udp(int ends[2]); /* two, connected to each other */
void make_pipe(int ends[2]);
int make_file(const char *content); /* in memory, at its beginning */
int make_listener(int domain, struct sockaddr_storage *address, socklen_t *length);
int closed_number(void); /* a descriptor number that is not open */
void close_all(const int *fds, size_t count);
void set_nonblocking(int fd);
void fill(int fd);        /* sends until the buffer is full; leaves it non-blocking */
void await_input(int fd); /* until something can be read, or the end */

/* Counts SIGPIPEs from now on. */
void count_sigpipe(void);
int sigpipes(void);

/* A parent and a child that talk over a socket they share. */
void family_make(int ends[2]);
void family_child(const int ends[2]);
void family_parent(int ends[2], pid_t child);

/* Runs body in a forked child and says how it ended. */
void in_child(void (*body)(void));
void say_status(const char *what, int status);

/* A message of up to 16 bytes that may carry one descriptor (fd -1: room for one to come). */
struct passing {
	struct msghdr message;
	struct iovec vector;
	char data[16];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};
void passing_make(struct passing *passing, int fd);
void passing_say(struct passing *passing); /* what came, and the content of the file that came along */

/* The cases that are the same for each call of one kind. */
typedef ssize_t taker(int fd, void *buffer, size_t length);
typedef ssize_t putter(int fd, const void *buffer, size_t length);
typedef int poller(struct pollfd *fds, nfds_t count, int timeout_ms);
typedef int selector(int count, fd_set *in, fd_set *out, fd_set *error, int timeout_ms);
typedef int epoll_waiter(int epoll, struct epoll_event *events, int count, int timeout_ms);
typedef int executor(char *const argv[]); /* runs argv[0], as exec does */
typedef int spawner(
    pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const argv[], char *const environment[]);
typedef int acceptor(int fd, struct sockaddr *peer, socklen_t *length);
typedef int name_getter(int fd, struct sockaddr *address, socklen_t *length);
typedef int duplicator(int from, int to);
typedef ssize_t flag_taker(int fd, void *buffer, size_t length, int flags);
typedef ssize_t vector_call(int fd, const struct iovec *parts, int count);

typedef int printer(int fd, const char *format, ...);
typedef pid_t waiter(pid_t pid, int *status, int options);
typedef void host_finder(const char *name, int family); /* says what it finds, by say_host */

struct hostent;
void say_host(const char *what, const struct hostent *host, int error);

void take_cases(taker *take);
void put_cases(putter *put);
void poll_cases(poller *wait);
void select_cases(selector *wait);
void epoll_cases(epoll_waiter *wait);
void exec_cases(executor *run);
void spawn_cases(spawner *spawn);
void accept_cases(acceptor *take);
void name_cases(name_getter *get);
void duplicate_cases(duplicator *copy);

/* All cases of setting a limit of this process. */
typedef int limiter(int resource, const struct rlimit *limit);
void limit_cases(limiter *set);
void take_flag_cases(flag_taker *call);
void put_vector_cases(vector_call *put);
void take_vector_cases(vector_call *take);
void print_cases(printer *print);
void host_cases(host_finder *find);
void wait_cases(waiter *reap, bool declines); /* declines: it takes options */

#endif
