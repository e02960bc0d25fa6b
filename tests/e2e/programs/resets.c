/* SPDX-License-Identifier: MIT
 *
 * resets.c -- `resets WHO HOW ROUNDS [peer]`: several threads use one connection when it is reset, as often as ROUNDS
 * says; how often each of them saw what is printed as JSON. With `peer` the other end resets it (SO_LINGER of 0);
 * without, a rule does, at a send.
 *
 *   hammer HOW    two threads, non-blocking, one sends and one receives, until each has seen the end
 *   reader HOW    one thread is blocked in a receiving call when another one's send meets the reset
 *   poller HOW    one thread waits (poll, select, epoll, edge) when another one's send meets it
 *
 * HOW names the receiving call, or the call that waits.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "talk.h"

enum { SEEN = 16 };

/* What was seen, and how often. */
static struct {
	char what[64];
	int times;
} seen[SEEN];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void count(const char *what)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < SEEN; i++)
		if (!seen[i].times || strcmp(seen[i].what, what) == 0) {
			snprintf(seen[i].what, sizeof(seen[i].what), "%s", what);
			seen[i].times++;
			break;
		}
	pthread_mutex_unlock(&lock);
}

static void print_seen(void)
{
	printf("{");
	for (int i = 0; i < SEEN && seen[i].times; i++)
		printf("%s\"%s\": %d", i ? ", " : "", seen[i].what, seen[i].times);
	printf("}\n");
}

/* ---- the calls ---- */

static ssize_t receive(int fd, const char *how)
{
	char buffer[64];
	struct iovec iov = {buffer, sizeof(buffer)};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	if (strcmp(how, "read") == 0)
		return read(fd, buffer, sizeof(buffer));
	if (strcmp(how, "readv") == 0)
		return readv(fd, &iov, 1);
	if (strcmp(how, "recvmsg") == 0)
		return recvmsg(fd, &message, 0);
	if (strcmp(how, "recvfrom") == 0)
		return recvfrom(fd, buffer, sizeof(buffer), 0, NULL, NULL);
	return recv(fd, buffer, sizeof(buffer), 0);
}

static int bits(int events)
{
	return (events & EPOLLIN ? 1 : 0) | (events & EPOLLOUT ? 2 : 0) | (events & EPOLLERR ? 4 : 0) |
	       (events & EPOLLHUP ? 8 : 0) | (events & EPOLLRDHUP ? 16 : 0);
}

static void print_bits(char *text, size_t size, int events)
{
	static const char *const names[] = {"IN ", "OUT ", "ERR ", "HUP ", "RDHUP "};

	*text = '\0';
	for (int i = 0; i < 5; i++)
		if (bits(events) >> i & 1)
			strncat(text, names[i], size - strlen(text) - 1);
}

/* Waits for good, and says what is seen first. */
static void wait_on(int fd, const char *how, char *text, size_t size)
{
	struct pollfd one = {fd, POLLIN | POLLRDHUP, 0};
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = &one};
	fd_set in;

	if (strcmp(how, "poll") == 0) {
		poll(&one, 1, -1);
		print_bits(text, size, one.revents);
	} else if (strcmp(how, "select") == 0) {
		FD_ZERO(&in);
		FD_SET(fd, &in);
		snprintf(text, size, "%d", select(fd + 1, &in, NULL, NULL, NULL));
	} else {
		int instance = epoll_create1(0);

		if (strcmp(how, "edge") == 0)
			event.events |= EPOLLET;
		talk_must(epoll_ctl(instance, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
		epoll_wait(instance, &event, 1, -1);
		print_bits(text, size, (int)event.events);
		close(instance);
	}
}

/* ---- the threads ---- */

static struct {
	int ends[2];
	const char *who, *how;
	int begun, tid; /* of the other thread */
	int errors;     /* ECONNRESET told in this round */
} now;

static const char *name_of(int err)
{
	static __thread char other[32];

	if (err == ECONNRESET)
		return "ECONNRESET";
	if (err == ENOTCONN)
		return "ENOTCONN";
	if (err == EPIPE)
		return "EPIPE";
	snprintf(other, sizeof(other), "%d", err);
	return other;
}

static void *hammer_recv(void *unused)
{
	for (;;) {
		ssize_t got = receive(now.ends[0], now.how);

		if (got == 0)
			return unused;
		if (got < 0 && errno == ECONNRESET)
			__atomic_fetch_add(&now.errors, 1, __ATOMIC_RELAXED);
		else if (got < 0 && errno != EAGAIN) {
			char what[64];

			snprintf(what, sizeof(what), "recv %s", name_of(errno));
			count(what);
			return unused;
		}
	}
}

/* Until it has seen EPIPE, which comes after the error. */
static void *hammer_send(void *unused)
{
	for (;;) {
		ssize_t sent = send(now.ends[0], "x", 1, MSG_NOSIGNAL);

		__atomic_fetch_add(&now.begun, 1, __ATOMIC_RELAXED);
		if (sent >= 0 || errno == EAGAIN)
			continue;
		if (errno == EPIPE)
			return unused;
		if (errno == ECONNRESET)
			__atomic_fetch_add(&now.errors, 1, __ATOMIC_RELAXED);
		else {
			char what[64];

			snprintf(what, sizeof(what), "send %s", name_of(errno));
			count(what);
			return unused;
		}
	}
}

static void *blocked(void *unused)
{
	char what[64] = "", bits_seen[48] = "";

	__atomic_store_n(&now.tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (strcmp(now.who, "poller") == 0) {
		wait_on(now.ends[0], now.how, bits_seen, sizeof(bits_seen));
		snprintf(what, sizeof(what), "woken: %s", bits_seen);
		count(what);
		return unused;
	}
	ssize_t got = receive(now.ends[0], now.how);

	snprintf(what, sizeof(what), "reader: %s", got < 0 ? name_of(errno) : got == 0 ? "end" : "data");
	count(what);
	if (got < 0 && errno == ECONNRESET)
		__atomic_fetch_add(&now.errors, 1, __ATOMIC_RELAXED);
	return unused;
}

/* A new thread may sleep for its libc's sake first. */
static bool is_ours(long call)
{
	static const long ours[] = {
	    SYS_read,   SYS_readv,    SYS_recvfrom,   SYS_recvmsg,     SYS_poll,         SYS_ppoll,
	    SYS_select, SYS_pselect6, SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2,
	};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (call == ours[i])
			return true;
	return false;
}

/* The kernel names the call in which a thread sleeps. */
static void until_asleep(int tid)
{
	char path[64];
	long call = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	for (int i = 0; i < 1000000 && !is_ours(call); i++) {
		FILE *file = fopen(path, "r");

		if (!file || fscanf(file, "%ld", &call) != 1) /* "running" */
			call = -1;
		if (file)
			fclose(file);
		sched_yield();
	}
}

static void reset_by_peer(void)
{
	struct linger at_once = {1, 0};

	setsockopt(now.ends[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(now.ends[1]);
}

static void one_hammered(int by_peer)
{
	pthread_t sender, receiver;

	fcntl(now.ends[0], F_SETFL, O_NONBLOCK);
	pthread_create(&receiver, NULL, hammer_recv, NULL);
	pthread_create(&sender, NULL, hammer_send, NULL);
	while (by_peer && __atomic_load_n(&now.begun, __ATOMIC_RELAXED) < 20)
		sched_yield();
	if (by_peer)
		reset_by_peer();
	pthread_join(sender, NULL);
	pthread_join(receiver, NULL);
}

static void one_blocked(int by_peer)
{
	pthread_t thread;
	int tid;

	pthread_create(&thread, NULL, blocked, NULL);
	while (!(tid = __atomic_load_n(&now.tid, __ATOMIC_ACQUIRE)))
		sched_yield();
	until_asleep(tid);
	if (by_peer)
		reset_by_peer();
	ssize_t sent = by_peer ? 0 : send(now.ends[0], "x", 1, MSG_NOSIGNAL);

	if (sent < 0 && errno == ECONNRESET)
		__atomic_fetch_add(&now.errors, 1, __ATOMIC_RELAXED);
	else if (sent < 0 && errno != EPIPE)
		count(name_of(errno));
	pthread_join(thread, NULL);
}

static void after(void)
{
	char what[64];
	int error = 0;
	socklen_t length = sizeof(error);

	getsockopt(now.ends[0], SOL_SOCKET, SO_ERROR, &error, &length);
	now.errors += error == ECONNRESET;
	snprintf(what, sizeof(what), "told %d times", now.errors);
	count(what);
	if (receive(now.ends[0], "recv") != 0)
		count("not at its end");
	if (send(now.ends[0], "x", 1, MSG_NOSIGNAL) != -1 || errno != EPIPE)
		count("not broken");
}

int main(int argc, char **argv)
{
	int by_peer = argc > 4 && strcmp(argv[4], "peer") == 0;

	talk_must(argc > 3, "resets WHO HOW ROUNDS [peer]");
	for (int i = 0; i < atoi(argv[3]); i++) {
		memset(&now, 0, sizeof(now));
		now.who = argv[1];
		now.how = argv[2];
		talk_connect(now.ends);
		if (strcmp(now.who, "hammer") == 0)
			one_hammered(by_peer);
		else
			one_blocked(by_peer);
		after();
		close(now.ends[0]);
		if (!by_peer)
			close(now.ends[1]);
	}
	print_seen();
	return 0;
}
