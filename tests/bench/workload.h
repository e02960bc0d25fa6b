/* SPDX-License-Identifier: MIT
 *
 * workload.h -- what is measured: small loops of socket calls, each made through a table of functions, so that libc's
 * own, those of the trivial forwarder and those that the program got (sockfault's, where it is preloaded) are compared
 * within one process, on the same descriptors.
 */
#ifndef SF_BENCH_WORKLOAD_H
#define SF_BENCH_WORKLOAD_H

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CALLS(X)                                                                                                       \
	X(send)                                                                                                            \
	X(recv)                                                                                                            \
	X(read)                                                                                                            \
	X(write)                                                                                                           \
	X(poll)                                                                                                            \
	X(epoll_wait)                                                                                                      \
	X(epoll_ctl)                                                                                                       \
	X(socket)                                                                                                          \
	X(connect)                                                                                                         \
	X(accept)                                                                                                          \
	X(dup)                                                                                                             \
	X(close)                                                                                                           \
	X(setsockopt)                                                                                                      \
	X(writev)                                                                                                          \
	X(readv)

struct calls {
#define X(name) __typeof__(name) *name;
	CALLS(X)
#undef X
};

/* What one thread works on. */
struct bench {
	int in, out; /* written to out, read from in */
	int listener, epoll;
	struct sockaddr_in address;
	struct pollfd *polled;
	nfds_t polled_count;
};

struct workload {
	const char *name;
	int calls_each; /* calls that are measured in one turn of the loop */
	void (*open)(struct bench *b);
	/* n turns; what is not measured is always called through libc */
	void (*turn)(const struct bench *b, const struct calls *measured, const struct calls *libc, int n);
};

extern const struct workload workloads[];

/* NULL: there is none of this name. */
const struct workload *workload_find(const char *name);

/* Prints what failed and ends the program. */
_Noreturn void give_up(const char *what);

/* A listening socket on the loopback address; its address comes back in *address. */
int listen_on_loopback(struct sockaddr_in *address);

#endif
