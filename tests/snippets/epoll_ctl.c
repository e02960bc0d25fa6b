/* SPDX-License-Identifier: MIT
 *
 * epoll_ctl.c -- epoll_ctl: add, change, take away; sockets, pipes, files, other epolls; what it refuses.
 * Async-signal-safe.
 */
#include "snippet.h"

static void wait_for(int epoll)
{
	struct epoll_event event = {0};
	long count = SAY(epoll_wait(epoll, &event, 1, 0));

	if (count > 0)
		say("  events %#x data %d", event.events, (int)event.data.u32);
}

static void change(int epoll, int ends[2])
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = 1};

	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
	wait_for(epoll);
	event = (struct epoll_event){.events = EPOLLOUT | EPOLLET, .data.u32 = 2};
	SAY(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event));
	wait_for(epoll);
	wait_for(epoll);
	SAY(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event));
	wait_for(epoll);
	SAY(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL));
	SAY(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL));
	SAY(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event));
	wait_for(epoll);
	event.events = EPOLLIN | EPOLLEXCLUSIVE;
	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event));
	SAY(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[1], &event));
}

int snippet(void)
{
	int epoll = epoll_create1(0), outer = epoll_create1(0), file = make_file(""), ends[2], tube[2];
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = 3};

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	make_pipe(tube);
	change(epoll, ends);
	SAY(epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event));
	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, tube[0], &event));
	SAY(write(tube[1], "x", 1));
	wait_for(outer);
	wait_for(epoll);
	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event));
	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event));
	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, -1, &event));
	SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, tube[1], bad_pointer()));
	SAY(epoll_ctl(epoll, 77, tube[1], &event));
	SAY(epoll_ctl(file, EPOLL_CTL_ADD, tube[1], &event));
	close_all((int[]){epoll, outer, file, ends[0], ends[1], tube[0], tube[1]}, 7);
	return 0;
}
