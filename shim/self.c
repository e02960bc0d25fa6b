/* SPDX-License-Identifier: MIT
 *
 * self.c -- keeps self.h true through threads, fork, vfork and clone. Async-signal-safe but for sf_self_start.
 */
#include "self.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "end.h"
#include "evlog.h"
#include "fdtab.h"
#include "probe.h"
#include "real.h"
#include "sys.h"
#include "track.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define UNBORN                                                                                                         \
	UINT32_MAX /* a thread that was not looked at yet; no life ever is that or, while a vfork child may live, 0 */

static uint32_t never = 1; /* before start-up */
SF_TABLE static struct sf_arena nothing;

__thread struct sf_self sf_self_here __attribute__((tls_model("initial-exec"))) = {.life = UNBORN};
__thread uint32_t sf_vforked __attribute__((tls_model("initial-exec")));
volatile uint32_t *sf_life = &never;
_Atomic uint32_t sf_vforks;

struct sf_arena *sf_arena = &nothing;
const _Atomic uint64_t *sf_watch = nothing.watch;
const _Atomic uint64_t sf_watch_looks[SF_OPERATION_COUNT] = {
    [0 ... SF_OPERATION_COUNT - 1] = SF_WATCH_LOOK,
};
uint32_t sf_process;
uint32_t sf_pid;

static __thread uint32_t blind __attribute__((tls_model("initial-exec")));
/* The life in which no record was to be had for this thread: it passes straight through, and does not ask again. */
static __thread uint32_t unrecorded __attribute__((tls_model("initial-exec")));
static uint32_t life_now; /* what *sf_life says while no vfork child may live */

_Atomic bool sf_has_threads;

static uint32_t get_pid(void)
{
	return (uint32_t)sf_sys(SYS_getpid);
}

uint64_t sf_self_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - sf_arena->start_ns;
}

/* The second word of the wiped page is never cleared but by the kernel: a child that finds it has our memory. Without
 * such a page, pthread_atfork has told of forks before anybody could ask. */
static bool shares_memory(void)
{
	return sf_life[1] != 0;
}

static struct sf_self *take_thread(uint32_t thread, uint32_t tid)
{
	struct sf_self *self = &sf_self_here;

	*self = (struct sf_self){
	    .life = UNBORN,
	    .process = sf_process,
	    .thread = thread,
	    .tid = tid,
	    .record = sf_thread_at(sf_arena, thread),
	    .next = (struct sf_event *)sf_arena};
	if (!thread)
		return NULL;
	self->life = life_now;
	return self;
}

/* This thread was created behind our back (by libc's own helpers, say): it counts as made by the main thread. */
static struct sf_self *join_thread(void)
{
	uint32_t tid = sf_self_is_sandboxed() ? 0 : (uint32_t)sf_sys(SYS_gettid);
	uint32_t main_thread = 0;
	uint32_t count = atomic_load_explicit(&sf_arena->tables[SF_THREADS].count, memory_order_relaxed);

	for (uint32_t i = 1; tid != sf_pid && i <= count && !main_thread; i++) {
		struct sf_thread *thread = sf_thread_at(sf_arena, i);

		if (thread && thread->process == sf_process && thread->tid == sf_pid)
			main_thread = i;
	}
	struct sf_self *self = take_thread(sf_thread_new(sf_arena, sf_process, main_thread, tid), tid);

	unrecorded = self ? 0 : life_now;
	return self;
}

/* Must its mother wait for it? What she has done about SIGCHLD the child has inherited. */
static void record_fork(uint32_t pid, uint32_t parent, const struct sf_self *mother)
{
	struct sf_event *event = sf_event_note(SF_EVENT_FORK, pid, parent);
	struct sf_disposition children = {.signal = SIGCHLD};

	/* It has the descriptors of that moment: what its mother closed while it was born she closed later. */
	if (event && mother->fork_stamp)
		event->stamp = mother->fork_stamp;
	if (event)
		event->site = mother->fork_site;
	if (event && !sf_self_is_sandboxed() && sf_probe_disposition(&children))
		sf_event_extend(event, SF_EXTENSION_SIGNAL, &children, sizeof children);
}

/* In a child that was forked by whatever means: a new process, whose only thread is this one. */
static struct sf_self *reborn(uint32_t pid)
{
	uint32_t parent_thread = sf_self_here.thread;
	uint32_t nth = sf_self_here.forks;
	struct sf_self mother_self = sf_self_here;
	uint32_t process = sf_process_new(sf_arena, sf_process, parent_thread, nth, pid);
	struct sf_process *mother = sf_self_process();
	struct sf_process *child = sf_process_at(sf_arena, process);

	sf_vforked = 0;
	atomic_store_explicit(&sf_vforks, 0, memory_order_relaxed);
	atomic_store_explicit(&sf_has_threads, false, memory_order_relaxed);
	sf_track_share(); /* also where nobody told of the fork */
	sf_pid = pid;
	sf_endings_forget();
	life_now++;
	*sf_life = life_now;
	sf_life[1] = 1;
	sf_watch = sf_arena->watch;
	if (!child) {
		sf_process = 0; /* not its mother's */
		return take_thread(0, pid);
	}
	for (unsigned i = 0; i < sizeof child->program; i++)
		child->program[i] = mother->program[i];
	atomic_store_explicit(&child->sandboxed, mother->sandboxed, memory_order_relaxed);
	atomic_store_explicit(&child->state, SF_PROCESS_LOADED, memory_order_release);
	uint32_t parent = sf_process;

	sf_process = process;
	struct sf_self *self = take_thread(sf_thread_new(sf_arena, process, 0, pid), pid);

	sf_fd_forget_closed();
	record_fork(pid, parent, &mother_self);
	return self;
}

/* The vforking thread itself is back: its child has left our memory. */
static void vfork_is_over(void)
{
	sf_vforked = 0;
	if (atomic_fetch_sub_explicit(&sf_vforks, 1, memory_order_relaxed) == 1) {
		*sf_life = life_now;
		sf_watch = sf_arena->watch;
	}
}

struct sf_self *sf_self_look(void)
{
	if (sf_life == &never || blind)
		return NULL;
	if (*sf_life == 0) {
		uint32_t pid = get_pid();

		if (pid != sf_pid)
			return shares_memory() ? NULL : reborn(pid);
		if (sf_vforked)
			vfork_is_over();
	}
	if (sf_self_here.life == life_now)
		return &sf_self_here;
	return unrecorded == life_now ? NULL : join_thread();
}

bool sf_self_may_be_guest(void)
{
	if (sf_life == &never || *sf_life != 0 || !shares_memory())
		return false;
	return get_pid() != sf_pid;
}

void sf_self_enter_arena(struct sf_arena *arena)
{
	sf_arena = arena;
	sf_watch = arena->watch;
}

void sf_self_start(uint32_t process, uint32_t pid)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static uint32_t kept[2]; /* without the page, pthread_atfork alone tells of forks */

	sf_process = process;
	sf_pid = pid;
	life_now = 2;
	volatile uint32_t *life = page != MAP_FAILED && madvise(page, 4096, MADV_WIPEONFORK) == 0 ? page : kept;

	life[0] = life_now;
	life[1] = 1;
	sf_life = life;
	take_thread(sf_thread_new(sf_arena, process, 0, pid), pid);
}

uint32_t sf_self_thread_ahead(void)
{
	struct sf_self *self = sf_self_get();

	atomic_store_explicit(&sf_has_threads, true, memory_order_relaxed);
	return self ? sf_thread_new(sf_arena, sf_process, self->thread, 0) : 0;
}

void sf_self_thread_begins(uint32_t thread)
{
	struct sf_thread *record = sf_thread_at(sf_arena, thread);

	if (!record)
		return;
	record->tid = (uint32_t)sf_sys(SYS_gettid);
	take_thread(thread, record->tid);
}

void sf_self_goes_blind(void)
{
	blind = 1;
	sf_self_here.life = UNBORN;
}

void sf_self_shares(bool suspended)
{
	if (suspended && sf_vforked)
		return;
	sf_vforked |= suspended;
	if (!suspended)
		atomic_store_explicit(&sf_has_threads, true, memory_order_relaxed);
	atomic_fetch_add_explicit(&sf_vforks, 1, memory_order_relaxed);
	*sf_life = 0;
	sf_watch = sf_watch_looks;
}

void sf_self_forks_at(const void *site)
{
	struct sf_self *self = sf_arena->trace_level == SF_TRACE_ALL ? sf_self_get() : NULL;

	if (self)
		self->fork_site = sf_site_of(site);
}

void sf_self_forks(void)
{
	struct sf_self *self = sf_self_get();
	struct sf_thread *thread = self ? sf_thread_at(sf_arena, self->thread) : NULL;

	if (self && sf_arena->trace_level == SF_TRACE_ALL)
		self->fork_stamp = sf_event_stamp();
	if (thread)
		self->forks = atomic_fetch_add_explicit(&thread->forks, 1, memory_order_relaxed) + 1;
	sf_track_share();
}

void sf_self_forked(void)
{
	if (sf_life == &never)
		return;
	uint32_t pid = get_pid();

	if (pid != sf_pid)
		reborn(pid);
}
