/* SPDX-License-Identifier: MIT
 *
 * counts_on.c -- what programs count on, for Linux has always done it so. `counts_on signals
 * none|restart|interrupt|blocked` waits in recv and in epoll_wait with that handler of SIGCHLD, and prints what they
 * say; with `really` at the end a child sends the signals. `counts_on end` prints how much recv gives before and after
 * both directions have ended; `counts_on told|untold` once epoll has told of the end of the peer, or only of data.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "talk.h"

enum { PERIOD_MS = 30, WAIT_MS = 200, SIZE = 100 };

static void nothing(int signal)
{
	(void)signal;
}

static void say(const char *what, long result)
{
	if (result < 0)
		printf("%s %s\n", what, errno == EINTR ? "EINTR" : strerror(errno));
	else
		printf("%s %ld\n", what, result);
}

static void handle(const char *how)
{
	struct sigaction action = {.sa_handler = nothing, .sa_flags = strcmp(how, "restart") == 0 ? SA_RESTART : 0};
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	if (strcmp(how, "none") != 0)
		sigaction(SIGCHLD, &action, NULL);
	if (strcmp(how, "blocked") == 0)
		sigprocmask(SIG_BLOCK, &blocked, NULL);
}

/* No call that a rule could meet. */
static void rest(void)
{
	nanosleep(&(struct timespec){0, PERIOD_MS * 1000000L}, NULL);
}

/* Signals for as long as both waits take, then the byte that ends the first one where no signal does. */
static pid_t start_peer(int fd, int sends)
{
	pid_t parent = getpid(), child = fork();

	if (child != 0)
		return child;
	for (int spent = 0; spent < WAIT_MS; spent += PERIOD_MS) {
		rest();
		if (sends)
			kill(parent, SIGCHLD);
	}
	if (write(fd, "x", 1) != 1)
		_exit(1);
	for (int spent = 0; sends && spent < 2 * WAIT_MS; spent += PERIOD_MS) {
		rest();
		kill(parent, SIGCHLD);
	}
	pause();
	_exit(0);
}

static int signals(const char *how, int sends)
{
	struct epoll_event event = {.events = EPOLLIN};
	int ends[2], epoll = epoll_create1(0);
	char byte;

	talk_connect(ends);
	handle(how);
	pid_t peer = start_peer(ends[1], sends);

	say("recv", recv(ends[0], &byte, 1, 0));
	say("epoll_wait", epoll_wait(epoll, &event, 1, WAIT_MS));
	kill(peer, SIGKILL);
	return waitpid(peer, NULL, 0) == peer ? 0 : 1;
}

static int end(void)
{
	struct pollfd one;
	char data[4096] = {0};
	int ends[2];

	talk_connect(ends);
	if (write(ends[1], data, SIZE) != SIZE)
		return 1;
	one = (struct pollfd){ends[0], POLLIN, 0};
	poll(&one, 1, -1);
	say("before", recv(ends[0], data, sizeof data, MSG_DONTWAIT));
	if (write(ends[1], data, SIZE) != SIZE)
		return 1;
	close(ends[1]);
	shutdown(ends[0], SHUT_WR);
	one.events = 0; /* POLLHUP comes without being asked for */
	poll(&one, 1, -1);
	while (one.revents & POLLHUP) {
		long got = recv(ends[0], data, sizeof data, MSG_DONTWAIT);

		say("after", got);
		if (got <= 0)
			break;
	}
	return 0;
}

/* What one recv gives when epoll has told of the end of the peer, to who asks for it, or of data. */
static int told(uint32_t asked)
{
	struct epoll_event event = {.events = asked};
	char data[4096] = {0};
	int ends[2], epoll = epoll_create1(0);

	talk_connect(ends);
	if (write(ends[1], data, SIZE) != SIZE || shutdown(ends[1], SHUT_WR) != 0)
		return 1;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) != 0)
		return 1;
	do {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			return 1;
	} while (asked & EPOLLRDHUP && !(event.events & EPOLLRDHUP));
	say("told", recv(ends[0], data, sizeof data, MSG_DONTWAIT));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "told") == 0)
		return told(EPOLLIN | EPOLLRDHUP);
	if (argc > 1 && strcmp(argv[1], "untold") == 0)
		return told(EPOLLIN);

	if (argc > 2)
		return signals(argv[2], argc > 3);
	return end();
}
