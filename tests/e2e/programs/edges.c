/* SPDX-License-Identifier: MIT
 *
 * edges.c -- `edges KIND FAMILY CONNECTIONS [ROUNDS]`: an echo server of edges, and a client in another process that
 * opens so many connections, sends on each ROUNDS messages (3) and wants each of them back before the next. Prints how
 * many connections were served to their end, and the longest time in which nothing came back, in milliseconds; 5000
 * says that the client gave up.
 *
 *   edge       one thread, EPOLLET, reads and writes until EAGAIN
 *   oneshot    four threads share one instance, EPOLLET | EPOLLONESHOT
 *   exclusive  three threads, each with its own instance, share the listener with EPOLLEXCLUSIVE
 *   processes  the same with three processes
 *
 * FAMILY is tcp or unix.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "talk.h"

enum { MESSAGE = 20000, AT_ONCE = 100, PATIENCE_MS = 5000 };

/* One connection, on either side. */
struct connection {
	int fd;
	size_t in, out; /* bytes received and sent, of the message */
	int rounds;     /* the client's: messages that came back */
	char data[MESSAGE];
};

static int listener, is_oneshot, is_shared;

/* ---- the server ---- */

static void watch(int instance, int op, struct connection *one)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = one};

	if (is_oneshot)
		event.events = (one->in > one->out ? EPOLLOUT : EPOLLIN) | EPOLLET | EPOLLONESHOT;
	talk_must(epoll_ctl(instance, op, one->fd, &event) == 0, "epoll_ctl");
}

/* Receives until a message is whole or nothing is there, sends it back; 0: the end of the connection. */
static int serve_one(struct connection *one)
{
	for (;;) {
		ssize_t moved = one->in < MESSAGE ? recv(one->fd, one->data + one->in, MESSAGE - one->in, 0) : 0;

		if (moved > 0)
			one->in += (size_t)moved;
		else if (one->in < MESSAGE && (moved == 0 || errno != EAGAIN))
			return 0;
		int nothing = moved < 0;

		if (one->in > one->out) {
			ssize_t sent = send(one->fd, one->data + one->out, one->in - one->out, MSG_NOSIGNAL);

			if (sent < 0)
				return errno == EAGAIN;
			one->out += (size_t)sent;
		} else if (nothing) {
			return 1;
		}
		if (one->out == MESSAGE)
			one->in = one->out = 0;
	}
}

static void accept_all(int instance)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct connection *one = calloc(1, sizeof(*one));

		talk_must(one != NULL, "calloc");
		one->fd = fd;
		watch(instance, EPOLL_CTL_ADD, one);
	}
	talk_must(errno == EAGAIN, "accept");
}

static void watch_listener(int instance, int op)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

	event.events |= is_oneshot ? EPOLLONESHOT : is_shared ? (unsigned)EPOLLEXCLUSIVE : 0;
	talk_must(epoll_ctl(instance, op, listener, &event) == 0, "epoll_ctl of the listener");
}

static void answer(int instance, struct connection *one)
{
	if (!one) {
		accept_all(instance);
		if (is_oneshot)
			watch_listener(instance, EPOLL_CTL_MOD);
	} else if (!serve_one(one)) {
		close(one->fd);
		free(one);
	} else if (is_oneshot) {
		watch(instance, EPOLL_CTL_MOD, one);
	}
}

static void *serve(void *shared)
{
	int instance = shared ? *(int *)shared : epoll_create1(0);

	if (!shared)
		watch_listener(instance, EPOLL_CTL_ADD);
	for (;;) {
		struct epoll_event events[16];
		int count = epoll_wait(instance, events, 16, -1);

		for (int i = 0; i < count; i++)
			answer(instance, events[i].data.ptr);
	}
	return NULL;
}

static pid_t start_server(const char *kind)
{
	static int shared;
	pthread_t thread;
	int others = strcmp(kind, "edge") == 0 ? 0 : strcmp(kind, "oneshot") == 0 ? 3 : 2;
	int processes = strcmp(kind, "processes") == 0;
	pid_t child = fork();

	if (child)
		return child;
	setpgid(0, 0);
	if (is_oneshot) {
		shared = epoll_create1(0);
		watch_listener(shared, EPOLL_CTL_ADD);
	}
	for (int i = 0; i < others; i++)
		if (processes && fork() == 0)
			break;
		else if (!processes)
			talk_must(pthread_create(&thread, NULL, serve, is_oneshot ? &shared : NULL) == 0, "pthread_create");
	serve(is_oneshot ? &shared : NULL);
	_exit(0);
}

/* ---- the client ---- */

static union {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
} address;
static socklen_t address_length;

static void listen_on(const char *family)
{
	if (strcmp(family, "unix") == 0) {
		address.un.sun_family = AF_UNIX;
		snprintf(address.un.sun_path + 1, sizeof(address.un.sun_path) - 1, "edges-%d", (int)getpid());
		address_length = sizeof(address.un);
	} else {
		address.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		address_length = sizeof(address.in);
	}
	listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	talk_must(bind(listener, &address.any, address_length) == 0, "bind");
	talk_must(listen(listener, AT_ONCE) == 0, "listen");
	talk_must(getsockname(listener, &address.any, &address_length) == 0, "getsockname");
}

static void open_one(int instance)
{
	struct connection *one = calloc(1, sizeof(*one));
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = one};

	talk_must(one != NULL, "calloc");
	one->fd = socket(address.any.sa_family, SOCK_STREAM, 0);
	talk_must(connect(one->fd, &address.any, address_length) == 0, "connect");
	fcntl(one->fd, F_SETFL, O_NONBLOCK);
	talk_must(epoll_ctl(instance, EPOLL_CTL_ADD, one->fd, &event) == 0, "epoll_ctl");
}

/* What can be sent or received at once; 1: all rounds are through, -1: what came is not what was sent. */
static int turn(int instance, struct connection *one, int rounds)
{
	char got[MESSAGE];
	ssize_t moved = one->out < MESSAGE ? send(one->fd, one->data, MESSAGE - one->out, MSG_NOSIGNAL)
	                                   : recv(one->fd, got, MESSAGE - one->in, 0);

	if (moved <= 0)
		return errno == EAGAIN && moved < 0 ? 0 : -1;
	size_t *count = one->out < MESSAGE ? &one->out : &one->in;

	*count += (size_t)moved;
	if (*count < MESSAGE)
		return 0;
	if (count == &one->in) {
		one->in = one->out = 0;
		one->rounds++;
	}
	struct epoll_event event = {.events = one->out ? EPOLLIN : EPOLLOUT, .data.ptr = one};

	epoll_ctl(instance, EPOLL_CTL_MOD, one->fd, &event);
	return one->rounds == rounds;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	talk_must(argc > 3, "edges KIND FAMILY CONNECTIONS [ROUNDS]");
	int wanted = atoi(argv[3]), rounds = argc > 4 ? atoi(argv[4]) : 3, opened = 0, open_now = 0, served = 0;
	long gap_ms = 0;
	struct rlimit most = {4096, 4096};

	is_oneshot = strcmp(argv[1], "oneshot") == 0;
	is_shared = !is_oneshot && strcmp(argv[1], "edge") != 0;
	setrlimit(RLIMIT_NOFILE, &most);
	listen_on(argv[2]);
	pid_t server = start_server(argv[1]);

	setpgid(server, server);
	int instance = epoll_create1(0);

	while (served < wanted && gap_ms < PATIENCE_MS) {
		for (; open_now < AT_ONCE / 2 && opened < wanted; opened++, open_now++)
			open_one(instance);
		struct epoll_event events[64];
		long before_ms = now_ms();
		int count = epoll_wait(instance, events, 64, PATIENCE_MS);
		long waited_ms = now_ms() - before_ms;

		gap_ms = waited_ms > gap_ms ? waited_ms : gap_ms;
		for (int i = 0; i < count; i++) {
			struct connection *one = events[i].data.ptr;
			int is_done = turn(instance, one, rounds);

			talk_must(is_done >= 0, "the server's answer");
			if (!is_done)
				continue;
			close(one->fd);
			free(one);
			served++;
			open_now--;
		}
	}
	kill(-server, SIGKILL);
	waitpid(server, NULL, 0);
	printf("{\"served\": %d, \"gap_ms\": %ld}\n", served, gap_ms);
	return 0;
}
