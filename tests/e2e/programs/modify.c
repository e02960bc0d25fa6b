/* SPDX-License-Identifier: MIT
 *
 * modify.c -- `modify ROUNDS`: two threads modify one registration of edges, each to its own conditions and data, while
 * a third waits for a byte and reads it. Prints how many wake-ups were lost, and how often the registration was not as
 * one of the two threads had left it, as JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>

#include "talk.h"

enum { THREADS = 2, PATIENCE_MS = 5000 };

static int ends[2], instance;
static int round_now, done;        /* the round, and how many of the three are through with it */
static int lost, stale, strangers; /* strangers: events with data that nobody has registered */

static struct epoll_event asked(int thread, int number)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET | (thread ? (unsigned)EPOLLPRI : EPOLLRDHUP)};

	event.data.u64 = (uint64_t)(thread + 1) << 40 | (uint64_t)number;
	return event;
}

static void await(int number)
{
	while (__atomic_load_n(&round_now, __ATOMIC_ACQUIRE) < number)
		sched_yield();
}

static void *modify(void *which)
{
	int thread = *(int *)which;

	for (int number = 1;; number++) {
		await(number);
		struct epoll_event event = asked(thread, number);

		for (int i = 0; i < (number * 7 + thread * 5) % 3; i++)
			sched_yield();
		talk_must(epoll_ctl(instance, EPOLL_CTL_MOD, ends[1], &event) == 0, "epoll_ctl");
		__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Events carry what was registered in this round, or was left by the one before. */
static int is_known(uint64_t data, int number)
{
	for (int thread = 0; thread < THREADS; thread++)
		if (data == asked(thread, number).data.u64 || data == asked(thread, number - 1).data.u64)
			return 1;
	return 0;
}

static void *receive(void *unused)
{
	for (int number = 1;; number++) {
		char byte;
		int count;

		await(number);
		do {
			struct epoll_event event;

			count = epoll_wait(instance, &event, 1, PATIENCE_MS);
			if (count == 1 && !is_known(event.data.u64, number))
				strangers++;
		} while (count == 1 && recv(ends[1], &byte, 1, 0) != 1);
		if (count != 1) {
			lost++;
			while (recv(ends[1], &byte, 1, 0) != 1)
				;
		}
		__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
	}
	return unused;
}

/* Is the registration in the kernel as one of the two has left it? */
static int is_as_left(int number)
{
	char path[64], line[256];
	int fd, is = 0;
	unsigned events;
	uint64_t data;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", instance);
	FILE *file = fopen(path, "r");

	talk_must(file != NULL, path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "tfd: %d events: %x data: %" SCNx64, &fd, &events, &data) == 3 && fd == ends[1])
			for (int thread = 0; thread < THREADS; thread++)
				is |= data == asked(thread, number).data.u64 &&
				      (events & ~(unsigned)(EPOLLERR | EPOLLHUP)) == asked(thread, number).events;
	fclose(file);
	return is;
}

int main(int argc, char **argv)
{
	static int which[THREADS] = {0, 1};
	pthread_t thread;
	struct epoll_event event = asked(0, 0);
	int rounds = argc > 1 ? atoi(argv[1]) : 10000;

	talk_connect(ends);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	instance = epoll_create1(0);
	talk_must(epoll_ctl(instance, EPOLL_CTL_ADD, ends[1], &event) == 0, "epoll_ctl");
	for (int i = 0; i < THREADS; i++)
		talk_must(pthread_create(&thread, NULL, modify, &which[i]) == 0, "pthread_create");
	talk_must(pthread_create(&thread, NULL, receive, NULL) == 0, "pthread_create");
	for (int number = 1; number <= rounds && lost < 3; number++) {
		__atomic_store_n(&done, 0, __ATOMIC_RELAXED);
		talk_must(send(ends[0], "x", 1, 0) == 1, "send");
		__atomic_store_n(&round_now, number, __ATOMIC_RELEASE);
		while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < THREADS + 1)
			sched_yield();
		stale += !is_as_left(number);
	}
	printf("{\"lost\": %d, \"stale\": %d, \"strangers\": %d}\n", lost, stale, strangers);
	return 0;
}
