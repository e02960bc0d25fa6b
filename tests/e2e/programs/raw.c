/* SPDX-License-Identifier: MIT
 *
 * raw.c -- a program that makes its calls through syscall(2): `raw talk`, `raw cancel`, `raw left`.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SIGSET_BYTES 8 /* of the kernel's sigset_t */

static void say(const char *what, long result)
{
	dprintf(1, "%s %ld %s\n", what, result, result < 0 ? strerrorname_np(errno) : "-");
}

/* As libuv does: messages in and out, descriptors copied and closed. */
static int talk(void)
{
	int ends[2];
	char buffer[8];
	struct iovec vector = {buffer, sizeof(buffer)};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}};

	say("socketpair", syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	say("sendto", syscall(SYS_sendto, ends[0], "1234", 4, MSG_NOSIGNAL, NULL, 0));
	say("recvfrom", syscall(SYS_recvfrom, ends[1], buffer, 2, 0, NULL, NULL));
	say("recvmmsg", syscall(SYS_recvmmsg, ends[1], &message, 1, 0, NULL));
	say("dup3", syscall(SYS_dup3, ends[1], 50, 0));
	say("close", syscall(SYS_close, ends[1]));
	say("write", syscall(SYS_write, ends[0], "5678", 4));
	say("read", syscall(SYS_read, 50, buffer, sizeof(buffer)));
	say("close", syscall(SYS_close, 50));
	say("sendto", syscall(SYS_sendto, ends[0], "1234", 4, MSG_NOSIGNAL, NULL, 0));
	return 0;
}

/* syscall() is no cancellation point, whatever its number. */
static void *read_cancelled(void *end)
{
	char buffer[4];

	pthread_cancel(pthread_self());
	long got = syscall(SYS_recvfrom, *(int *)end, buffer, sizeof(buffer), 0, NULL, NULL);

	say("recvfrom", got);

	pthread_testcancel();
	dprintf(1, "not cancelled\n");
	return end;
}

static int cancel(void)
{
	int ends[2];
	pthread_t thread;
	void *result;

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	send(ends[0], "1234", 4, 0);
	pthread_create(&thread, NULL, read_cancelled, &ends[1]);
	pthread_join(thread, &result);
	dprintf(1, "%s\n", result == PTHREAD_CANCELED ? "cancelled" : "ended");
	return 0;
}

static void say_left(const char *what, long result, const struct timespec *left)
{
	const char *how = left->tv_sec == 100 ? "all" : left->tv_sec == 0 && left->tv_nsec == 0 ? "none" : "some";

	say(what, result);
	dprintf(1, "%s of the time is left\n", how);
}

/* The kernel tells how much time is left; libc's functions do not. */
static int left(void)
{
	int ends[2];
	struct timespec soon = {0, 2000000}, late = {100, 0}, never = {100, 0};
	fd_set in;

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	struct pollfd polled = {.fd = ends[1], .events = POLLIN};

	say_left("ppoll", syscall(SYS_ppoll, &polled, 1, &soon, NULL, 0), &soon);
	send(ends[0], "1234", 4, 0);
	say_left("ppoll", syscall(SYS_ppoll, &polled, 1, &late, NULL, 0), &late);
	FD_ZERO(&in);
	FD_SET(ends[1], &in);
	late = never;
	say_left("pselect6", syscall(SYS_pselect6, ends[1] + 1, &in, NULL, NULL, &late, NULL), &late);
	sigset_t mask;
	sigemptyset(&mask);
	say_left("ppoll", syscall(SYS_ppoll, &polled, 1, &never, &mask, SIGSET_BYTES - 1), &never);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	return strcmp(what, "talk") == 0     ? talk()
	       : strcmp(what, "cancel") == 0 ? cancel()
	       : strcmp(what, "left") == 0   ? left()
	                                     : 2;
}
