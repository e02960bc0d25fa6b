/* SPDX-License-Identifier: MIT
 *
 * micro.c -- the microbenchmark within one process.
 *
 *   micro count VARIANT[,VARIANT] WORKLOAD...   under callgrind: dumps named WORKLOAD/VARIANT/TURNS, for two numbers of
 *                                               turns, so that what is no part of a turn cancels out
 *   micro time SLICES THREADS WORKLOAD          slices of bare, forwarder and program in turn; a line a slice: ns a
 * call micro loop TURNS WORKLOAD                   turns as the program got its calls, for strace and for whole traces
 *   micro hold N                                accepts N connections, says its resident memory in KiB, waits for input
 *
 * The variants: bare (libc's own), forwarder (the library of the file that BENCH_FORWARDER names), program (as bound).
 * Times are of the thread's own CPU time: what others do on the machine disturbs it least; those
 * of loop are by the clock on the wall, for a tracer works outside of the thread.
 */
#include "workload.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name) give_up("no valgrind/callgrind.h when micro was built")
#endif

enum { BARE, FORWARDER, PROGRAM, VARIANTS };

static const char *const variant_words[VARIANTS] = {"bare", "forwarder", "program"};
static struct calls variants[VARIANTS];

static void bind_from(struct calls *calls, void *library)
{
#define X(name) *(void **)&calls->name = dlsym(library, #name);
	CALLS(X)
#undef X
}

static void bind_variants(void)
{
	const char *forwarder = getenv("BENCH_FORWARDER");
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_LOCAL);
	void *library = forwarder ? dlopen(forwarder, RTLD_NOW | RTLD_LOCAL) : libc;

	if (!libc || !library) {
		fprintf(stderr, "micro: %s\n", dlerror());
		exit(1);
	}
	bind_from(&variants[BARE], libc);
	bind_from(&variants[FORWARDER], library);
	bind_from(&variants[PROGRAM], RTLD_DEFAULT);
}

static const struct workload *sure_workload(const char *name)
{
	const struct workload *w = workload_find(name);

	if (!w) {
		fprintf(stderr, "micro: no workload %s\n", name);
		exit(1);
	}
	return w;
}

/* ---- count ---- */

static void count_turns(const struct workload *w, const struct bench *b, int variant, int turns)
{
	char name[128];

	snprintf(name, sizeof name, "%s/%s/%d", w->name, variant_words[variant], turns);
	CALLGRIND_ZERO_STATS;
	w->turn(b, &variants[variant], &variants[BARE], turns);
	CALLGRIND_DUMP_STATS_AT(name);
}

static void count(const char *wanted, const struct workload *w)
{
	enum { FEW = 16, MANY = 528 };
	struct bench b = {0};

	w->open(&b);
	for (int variant = 0; variant < VARIANTS; variant++) {
		if (!strstr(wanted, variant_words[variant]))
			continue;
		w->turn(&b, &variants[variant], &variants[BARE], FEW);
		count_turns(w, &b, variant, FEW);
		count_turns(w, &b, variant, MANY);
	}
}

/* ---- time ---- */

static struct {
	const struct workload *workload;
	int slices, threads, turns;
	pthread_barrier_t barrier;
	double (*ns)[VARIANTS]; /* by thread and slice */
} timing;

static double clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double slice(const struct bench *b, int variant)
{
	pthread_barrier_wait(&timing.barrier);
	double before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	timing.workload->turn(b, &variants[variant], &variants[BARE], timing.turns);
	return (clock_ns(CLOCK_THREAD_CPUTIME_ID) - before) / timing.turns / timing.workload->calls_each;
}

static void *time_slices(void *at)
{
	double(*ns)[VARIANTS] = at;
	struct bench b = {0};

	timing.workload->open(&b);
	for (int i = -2; i < timing.slices; i++)
		for (int k = 0; k < VARIANTS; k++) {
			/* the order turns, so that no variant always follows the same one */
			int variant = (i & 1 ? VARIANTS - 1 - k : k + i / 2 + VARIANTS) % VARIANTS;
			double took = slice(&b, variant);

			if (i >= 0)
				ns[i][variant] = took;
		}
	return NULL;
}

/* So many turns as fill about this much time. */
static int turns_for(const struct workload *w, double slice_ns)
{
	enum { TRIED = 64 };
	struct bench b = {0};

	w->open(&b);
	w->turn(&b, &variants[BARE], &variants[BARE], TRIED);
	double before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	w->turn(&b, &variants[BARE], &variants[BARE], TRIED);
	return 1 + (int)(slice_ns / ((clock_ns(CLOCK_THREAD_CPUTIME_ID) - before) / TRIED));
}

static void time_workload(int slices, int threads, const struct workload *w)
{
	pthread_t thread[threads];

	timing.workload = w;
	timing.slices = slices;
	timing.threads = threads;
	timing.turns = turns_for(w, 300e3);
	timing.ns = calloc((size_t)(slices * threads), sizeof *timing.ns);
	pthread_barrier_init(&timing.barrier, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, time_slices, timing.ns + i * slices) != 0)
			give_up("pthread_create");
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < slices * threads; i++)
		printf("%.3f %.3f %.3f\n", timing.ns[i][BARE], timing.ns[i][FORWARDER], timing.ns[i][PROGRAM]);
}

/* ---- loop ---- */

static void loop(int turns, const struct workload *w)
{
	struct bench b = {0};

	w->open(&b);
	double before = clock_ns(CLOCK_MONOTONIC);

	w->turn(&b, &variants[PROGRAM], &variants[BARE], turns);
	printf("%.3f\n", (clock_ns(CLOCK_MONOTONIC) - before) / turns / w->calls_each);
}

/* ---- hold ---- */

static void say_memory(void)
{
	char line[256];
	FILE *rollup = fopen("/proc/self/smaps_rollup", "r");

	while (rollup && fgets(line, sizeof line, rollup))
		if (strncmp(line, "Rss:", 4) == 0)
			fputs(line, stdout);
	if (rollup)
		fclose(rollup);
	fflush(stdout);
}

static void hold(int connections)
{
	struct sockaddr_in address;
	int listener = listen_on_loopback(&address);
	char data[1];

	printf("port: %d\n", ntohs(address.sin_port));
	fflush(stdout);
	for (int i = 0; i < connections; i++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0 || send(fd, "", 1, 0) != 1)
			give_up("accept");
	}
	say_memory();
	if (read(STDIN_FILENO, data, 1) < 0)
		give_up("read");
}

static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		give_up("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";

	raise_limit();
	bind_variants();
	if (strcmp(mode, "count") == 0 && argc > 3)
		for (int i = 3; i < argc; i++)
			count(argv[2], sure_workload(argv[i]));
	else if (strcmp(mode, "time") == 0 && argc == 5)
		time_workload(atoi(argv[2]), atoi(argv[3]), sure_workload(argv[4]));
	else if (strcmp(mode, "loop") == 0 && argc == 4)
		loop(atoi(argv[2]), sure_workload(argv[3]));
	else if (strcmp(mode, "hold") == 0 && argc == 3)
		hold(atoi(argv[2]));
	else
		fprintf(stderr, "usage: micro count|time|loop|hold ...; see the head of micro.c\n");
	return 0;
}
