/* SPDX-License-Identifier: MIT
 *
 * init.c -- start-up: a list of steps, done once before main by the loader. No test links this file.
 *
 * Under `sockfault run` the arena comes by SOCKFAULT_ARENA. Preloaded by hand, the first process makes one from
 * SOCKFAULT_RULES, SOCKFAULT_SCENARIO, SOCKFAULT_SEED, SOCKFAULT_TRACE and SOCKFAULT_TRACE_LEVEL. Without any of these
 * the library does nothing. What can't be used ends the program with one line and status 125: it never runs unfaulted
 * in silence.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "byhand.h"
#include "evlog.h"
#include "gate.h"
#include "heir.h"
#include "start.h"
#include "stream.h"
#include "sys.h"
#include "track.h"

static char library[1024];
static const char *arena_path;

/* By this name libc knows whose handlers atexit registers: they stay, for the library is never unloaded. */
extern void *const __dso_handle __attribute__((visibility("hidden")));
void *const __dso_handle = (void *)(uintptr_t)&__dso_handle;

static void find_library(void)
{
	Dl_info info;

	if (dladdr((const void *)&sf_life, &info) && info.dli_fname)
		strncpy(library, info.dli_fname, sizeof library - 1);
}

static const char *basename_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static uint32_t number_of(const char *text)
{
	uint32_t n = 0;

	for (; text && *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (uint32_t)(*text - '0');
	return n;
}

/* The record that was made ahead for us, else a new one under our parent's. */
static uint32_t claim_process(uint32_t pid, uint32_t ahead)
{
	struct sf_process *record = sf_process_at(sf_arena, ahead);
	uint32_t none = 0;

	if (record && (__atomic_compare_exchange_n(&record->pid, &none, pid, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
	               (none == pid && atomic_load_explicit(&record->execs, memory_order_relaxed) == 0)))
		return ahead;
	uint32_t found = sf_process_find(sf_arena, pid);

	if (found)
		return found;
	uint32_t parent = sf_process_find(sf_arena, (uint32_t)sf_sys(SYS_getppid));

	return sf_process_new(sf_arena, parent, 0, 0, pid);
}

/* Who this is, and where its main program lies. */
static void name_process(struct sf_process *process)
{
	char executable[1024];
	long path = sf_sys(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", executable, sizeof executable - 1);

	executable[path > 0 ? path : 0] = '\0';
	sf_site_start(executable);

	const char *name = basename_of(executable);
	size_t length = strnlen(name, sizeof process->program - 1);

	memcpy(process->program, name, length);
	process->program[length] = '\0';
	if (!sf_arena->command_pid) /* the command knows who lives; without it the next process to come has to find out */
		process->start_time = sf_start_time("self");
}

static void announce(struct sf_process *process)
{
	atomic_store_explicit(&process->state, SF_PROCESS_LOADED, memory_order_release);
	atomic_fetch_add_explicit(&sf_arena->loaded, 1, memory_order_release);
	struct sf_event *event = sf_event_note(SF_EVENT_LOAD, 0, 0);

	if (event)
		sf_event_extend(event, SF_EXTENSION_TEXT, process->program, strlen(process->program));
	if (event)
		sf_track_record(event);
}

static void forks(void)
{
	sf_self_forks();
}

static void forked(void)
{
	sf_self_forked();
}

static bool needs_stacks(void)
{
	const struct sf_ruleset *set = sf_arena_rules(sf_arena);

	return sf_arena->stacks || (sf_arena->trace_level != SF_TRACE_OFF && set && set->count > 0);
}

/* exit(3) was called, or main returned. */
static void leave(int status, void *unused)
{
	struct sf_self *self = sf_self_is_guest() ? NULL : sf_self_get();
	struct sf_process *process = self ? sf_self_process() : NULL;

	(void)unused;
	if (process) {
		sf_track_exit();
		process->exit_status = status & 0xff;
		sf_event_note(SF_EVENT_EXIT, status & 0xff, 0);
	}
	sf_byhand_leave(arena_path);
}

/* Where libc has no on_exit, the status is known to the command alone (asked: 1). */
static void leave_somehow(void)
{
	if (sf_self_get() && !sf_self_is_guest()) {
		sf_track_exit();
		sf_event_note(SF_EVENT_EXIT, 0, 1);
	}
	sf_byhand_leave(arena_path);
}

static void watch_exit(void)
{
	int (*on_exit_)(void (*)(int, void *), void *);

	*(void **)&on_exit_ = dlsym(RTLD_DEFAULT, "on_exit");
	if (on_exit_)
		on_exit_(leave, NULL);
	else
		atexit(leave_somehow);
}

/* Forks inside libc are told as well. glibc gives pthread_atfork to each library as a stub of its own, around this
 * name; musl has no such name, and the function itself. Looked up, so that one build of the library loads under both.
 */
static void watch_forks(void)
{
	int (*at_fork)(void (*before)(void), void (*parent)(void), void (*child)(void), void *library);

	*(void **)&at_fork = dlsym(RTLD_DEFAULT, "__register_atfork");
	if (!at_fork)
		*(void **)&at_fork = dlsym(RTLD_DEFAULT, "pthread_atfork");
	if (at_fork)
		at_fork(forks, NULL, forked, NULL);
}

/* A run that has to wait for its turn is made ready as far as here. Whose parent dies meanwhile is never let go. */
static void await_turn(void)
{
	const struct timespec a_second = {1, 0};
	long parent = sf_sys(SYS_getppid);

	while (atomic_load_explicit(&sf_arena->held, memory_order_acquire)) {
		if (sf_sys(SYS_getppid) != parent)
			sf_start_fail("the run was given up before its turn came", NULL);
		sf_sys(SYS_futex, &sf_arena->held, 0 /* FUTEX_WAIT */, 1, &a_second);
	}
}

static void live(const char *arena, uint32_t ahead)
{
	uint32_t pid = (uint32_t)sf_sys(SYS_getpid);
	uint32_t index = claim_process(pid, ahead);
	struct sf_process *process = sf_process_at(sf_arena, index);

	if (!process)
		sf_start_fail("the arena has no room for another process", arena);
	name_process(process);
	if (needs_stacks())
		sf_stack_prime();
	sf_self_start(index, pid);
	arena_path = arena;
	sf_heir_start(library, arena);
	watch_forks();
	watch_exit();
	if (atomic_load_explicit(&sf_arena->held, memory_order_acquire))
		await_turn();
	sf_track_inherited();
	sf_stream_start();
	announce(process);
}

__attribute__((constructor)) static void start(void)
{
	static char path[1024];
	const char *missing = NULL;
	const char *given = getenv("SOCKFAULT_ARENA");

	if (!sf_real_bind(&missing))
		sf_start_fail("this libc has no", missing);
	if (!given && !sf_byhand_wanted())
		return;
	find_library();
	if (!given) {
		live(sf_byhand_open(), 0);
		return;
	}
	const char *mark = strchr(given, '#');
	size_t length = mark ? (size_t)(mark - given) : strlen(given);

	if (length >= sizeof path)
		sf_start_fail("SOCKFAULT_ARENA is too long", given);
	memcpy(path, given, length);
	sf_start_map(path);
	live(path, mark ? number_of(mark + 1) : 0);
}
