/* SPDX-License-Identifier: MIT
 *
 * interrupted.c -- waits that a signal may end. `interrupted plain|handler` prints for each kind of wait what it says
 * with something ready, with nothing ready, and with a timeout of 0: a number, or EINTR. `interrupted alarms` waits
 * without end for 200 signals, each of which has to end one wait.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

enum { SOON = 20, ALARMS = 200 };

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

static int wait_poll(int fd, int timeout)
{
	struct pollfd one = {fd, POLLIN, 0};

	return poll(&one, 1, timeout);
}

static int wait_select(int fd, int timeout)
{
	struct timeval tv = {0, timeout * 1000};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, &set, NULL, NULL, timeout < 0 ? NULL : &tv);
}

static int wait_epoll(int fd, int timeout)
{
	static int epoll = -1, registered = -1;
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	if (registered != fd) {
		if (epoll >= 0)
			close(epoll);
		epoll = epoll_create1(0);
		registered = fd;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
			return -1;
	}
	return epoll_wait(epoll, &event, 1, timeout);
}

static const struct {
	const char *name;
	int (*wait)(int fd, int timeout);
} kinds[] = {{"poll", wait_poll}, {"select", wait_select}, {"epoll", wait_epoll}};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void say(int ready)
{
	if (ready < 0)
		printf(" %s", errno == EINTR ? "EINTR" : strerror(errno));
	else
		printf(" %d", ready);
}

static void handle(int on)
{
	struct sigaction action = {.sa_handler = on ? on_alarm : SIG_DFL};

	sigaction(SIGALRM, &action, NULL);
}

static int wait_for_alarms(int fd)
{
	struct itimerval often = {{0, 1700}, {0, 1700}}, never = {{0, 0}, {0, 0}};

	for (int i = 0; i < KINDS; i++) {
		alarms = 0;
		setitimer(ITIMER_REAL, &often, NULL);
		for (int ends = 0; ends < ALARMS; ends++)
			if (kinds[i].wait(fd, -1) != -1 || errno != EINTR)
				return 1;
		setitimer(ITIMER_REAL, &never, NULL);
		/* A signal that comes where no wait is made is handled there. */
		printf("%s %s\n", kinds[i].name, alarms >= ALARMS ? "fine" : "ended by nothing");
	}
	return 0;
}

int main(int argc, char **argv)
{
	int full[2], empty[2];
	const char *what = argc > 1 ? argv[1] : "plain";

	if (pipe(full) != 0 || pipe(empty) != 0 || write(full[1], "x", 1) != 1)
		return 1;
	handle(strcmp(what, "plain") != 0);
	if (strcmp(what, "alarms") == 0)
		return wait_for_alarms(empty[0]);
	for (int i = 0; i < KINDS; i++) {
		printf("%s", kinds[i].name);
		say(kinds[i].wait(full[0], SOON));
		say(kinds[i].wait(empty[0], SOON));
		say(kinds[i].wait(empty[0], 0));
		printf("\n");
	}
	return 0;
}
