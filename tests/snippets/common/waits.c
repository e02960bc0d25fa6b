/* SPDX-License-Identifier: MIT
 *
 * waits.c -- the cases that every call which waits for readiness goes through.
 */
#include "../snippet.h"

static void say_poll(poller *wait, struct pollfd *fds, nfds_t count, int timeout_ms)
{
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = 0x4000;
	SAY(wait(fds, count, timeout_ms));
	for (nfds_t i = 0; i < count; i++)
		say("  [%d] asked %#x got %#x", (int)i, (unsigned)fds[i].events, (unsigned)fds[i].revents);
}

void poll_cases(poller *wait)
{
	int tcp[3], ends[2];

	make_tcp(tcp);
	make_pipe(ends);
	struct pollfd fds[] = {
	    {.fd = tcp[CLIENT], .events = POLLIN | POLLOUT | POLLRDHUP},
	    {.fd = tcp[SERVER], .events = POLLIN},
	    {.fd = -1, .events = POLLIN},
	    {.fd = ends[0], .events = POLLIN},
	    {.fd = closed_number(), .events = POLLIN},
	    {.fd = tcp[LISTENER], .events = POLLIN},
	};

	say_poll(wait, fds, 6, -1);
	say_poll(wait, fds + 2, 2, 0);
	say_poll(wait, fds + 2, 1, 1);
	SAY(write(tcp[CLIENT], "data", 4));
	await_input(tcp[SERVER]);
	say_poll(wait, fds, 4, -1);
	close(tcp[SERVER]);
	close(ends[1]);
	await_input(tcp[CLIENT]);
	say_poll(wait, fds, 6, -1);
	SAY(wait(NULL, 0, 0));
	SAY(wait(NULL, 0, 1));
	SAY(wait(bad_pointer(), 1, 0));
	close(tcp[CLIENT]);
	close(tcp[LISTENER]);
	close(ends[0]);
}

static void say_set(const char *what, const fd_set *set)
{
	char text[64] = "";

	for (int fd = 0; fd < 32; fd++)
		if (FD_ISSET(fd, set))
			snprintf(text + strlen(text), sizeof(text) - strlen(text), " %d", fd);
	say("  %s:%s", what, text);
}

/* fds[0] is asked for both directions, the others for input. */
static void say_select(selector *wait, const int *fds, int count, int timeout_ms)
{
	fd_set in, out, error;
	int highest = -1;

	FD_ZERO(&in);
	FD_ZERO(&out);
	for (int i = 0; i < count; i++) {
		FD_SET(fds[i], &in);
		highest = fds[i] > highest ? fds[i] : highest;
	}
	FD_SET(fds[0], &out);
	error = in;
	SAY(wait(highest + 1, &in, &out, &error, timeout_ms));
	say_set("in", &in);
	say_set("out", &out);
	say_set("error", &error);
}

void select_cases(selector *wait)
{
	int tcp[3], ends[2];
	fd_set none;

	make_tcp(tcp);
	make_pipe(ends);
	const int all[] = {tcp[CLIENT], tcp[SERVER], tcp[LISTENER], ends[0]};

	say_select(wait, all, 4, -1);
	say_select(wait, all + 1, 3, -1);
	SAY(write(tcp[CLIENT], "data", 4));
	SAY(write(ends[1], "data", 4));
	await_input(tcp[SERVER]);
	say_select(wait, all, 4, 1000);
	close(tcp[SERVER]);
	await_input(tcp[CLIENT]);
	say_select(wait, all, 1, -1);
	say_select(wait, all, 4, 0);
	FD_ZERO(&none);
	SAY(wait(0, NULL, NULL, NULL, 0));
	SAY(wait(tcp[CLIENT] + 1, &none, NULL, NULL, 1));
	SAY(wait(-1, NULL, NULL, NULL, 0));
	SAY(wait(1, bad_pointer(), NULL, NULL, 0));
	close(tcp[CLIENT]);
	close(tcp[LISTENER]);
	close_all(ends, 2);
}

static void say_epoll(epoll_waiter *wait, int epoll, int timeout_ms)
{
	struct epoll_event events[8];
	long count = SAY(wait(epoll, events, 8, timeout_ms));

	for (long i = 0; i < count; i++)
		say("  events %#x data %d", events[i].events, (int)events[i].data.u32);
}

static void watch(int epoll, int fd, uint32_t events, uint32_t data)
{
	struct epoll_event event = {.events = events, .data.u32 = data};

	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

void epoll_cases(epoll_waiter *wait)
{
	int tcp[3], ends[2], epoll = epoll_create1(0);
	struct epoll_event event;

	make_tcp(tcp);
	make_pipe(ends);
	watch(epoll, tcp[SERVER], EPOLLIN | EPOLLRDHUP | EPOLLET, 100);
	watch(epoll, ends[0], EPOLLIN, 200);
	say_epoll(wait, epoll, 0);
	SAY(write(tcp[CLIENT], "data", 4));
	say_epoll(wait, epoll, -1);
	say_epoll(wait, epoll, 1);
	SAY(write(ends[1], "data", 4));
	say_epoll(wait, epoll, 1000);
	watch(epoll, tcp[CLIENT], EPOLLOUT | EPOLLONESHOT, 300);
	SAY(read(ends[0], (char[8]){0}, 8));
	say_epoll(wait, epoll, -1);
	say_epoll(wait, epoll, 0);
	close(tcp[CLIENT]);
	say_epoll(wait, epoll, -1);
	SAY(wait(epoll, &event, 0, 0));
	SAY(wait(epoll, &event, -1, 0));
	SAY(wait(epoll, bad_pointer(), 1, 0));
	SAY(wait(ends[0], &event, 1, 0));
	SAY(wait(closed_number(), &event, 1, 0));
	close(epoll);
	close(tcp[SERVER]);
	close(tcp[LISTENER]);
	close_all(ends, 2);
}
