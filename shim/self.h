/* SPDX-License-Identifier: MIT
 *
 * self.h -- who is calling: this process and this thread, as records of the arena, and whether they still are what they
 * were.
 *
 * One word, *sf_life, answers at every recorded call: it lies on a page that the kernel wipes in a forked child, so
 * that every way of forking (fork, _Fork, raw clone, daemon) is seen without a system call. vfork children share
 * memory: while one may live the word is 0 and getpid is compared (law 10; tests/snippets/vfork.c). A vfork child is
 * nobody: it passes straight through and writes no table.
 */
#ifndef SF_SELF_H
#define SF_SELF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "real.h"

struct sf_self {
	uint32_t life;            /* equal to *sf_life: all of this holds */
	uint32_t process, thread; /* indices */
	uint32_t tid;
	uint32_t forks;      /* which child of this thread is being forked: its lineage, */
	uint64_t fork_stamp; /* since when, */
	uint32_t fork_site;  /* and where (index), 0: not known */
	uint32_t page;       /* of events in use */
	struct sf_thread *record;
	struct sf_event *next; /* the next free slot of it; the beginning of a page: none */
	/* Records that are taken already, for sockets that it will make: the next one's place (fdtab.h), and in the high
	 * half what its index is beyond that. At a multiple of SF_RECORDS: none. */
	_Atomic uint64_t records;
};

/* The assembly of wrap/ finds `vforked` and sf_vforks by name. */
#define SF_RECORDS 64 /* taken at a time */

#pragma GCC visibility push(hidden)
extern __thread struct sf_self sf_self_here __attribute__((tls_model("initial-exec")));
extern __thread uint32_t sf_vforked __attribute__((tls_model("initial-exec")));
extern volatile uint32_t *sf_life;
/* What wrappers ask before all else: the arena's watch[] or, from the moment in which somebody may share our memory
 * until somebody has looked who it is, words that let no call pass. */
extern const _Atomic uint64_t *sf_watch;
extern const _Atomic uint64_t sf_watch_looks[SF_OPERATION_COUNT];
extern _Atomic uint32_t sf_vforks;

/* The arena of this run; before start-up an empty one in which nothing is watched. */
extern struct sf_arena *sf_arena;
extern uint32_t sf_process; /* index of this process */
extern uint32_t sf_pid;
extern _Atomic bool sf_has_threads; /* this process has made some */
#pragma GCC visibility pop

void sf_self_enter_arena(struct sf_arena *arena);

struct sf_self *sf_self_look(void);

/* NULL: not live, or a vfork child. Otherwise this thread, with valid indices. */
static inline struct sf_self *sf_self_get(void)
{
	struct sf_self *self = &sf_self_here;

	return __builtin_expect(self->life == *sf_life, 1) ? self : sf_self_look();
}

/* Is this call made on behalf of a vfork child, whose memory is its parent's? Asks getpid only while a vfork child may
 * live. */
bool sf_self_may_be_guest(void);

static inline bool sf_self_is_guest(void)
{
	return __builtin_expect(*sf_life == 0, 0) && sf_self_may_be_guest();
}

/* Is this surely the only thread of its process? libc knows of threads that it makes itself, we of those that are made
 * without it. */
static inline bool sf_self_is_alone(void)
{
	return !atomic_load_explicit(&sf_has_threads, memory_order_relaxed) && (!sf_libc_is_alone || *sf_libc_is_alone);
}

/* Start-up: this process is record `process`; sets up the wiped page. */
void sf_self_start(uint32_t process, uint32_t pid);

/* A thread that this one is about to create, for the trampoline of pthread_create. Index or 0. */
uint32_t sf_self_thread_ahead(void);
/* First thing in that thread. */
void sf_self_thread_begins(uint32_t thread);

/* This thread may not read a clock any more: from now on it passes straight through. */
void sf_self_goes_blind(void);

/* A child is about to share our memory; `suspended`: this thread stands still until it has left. */
void sf_self_shares(bool suspended);

/* In fork and _Fork: where the program calls them. */
void sf_self_forks_at(const void *site);
/* Before anything that forks: the child will be this thread's next child. */
void sf_self_forks(void);
/* In the child of a fork, at once (pthread_atfork). */
void sf_self_forked(void);

/* Current program's record. Never NULL once live. */
static inline struct sf_process *sf_self_process(void)
{
	return sf_process_at(sf_arena, sf_process);
}

/* It has installed a seccomp filter: no system calls of ours any more (law 0). */
static inline bool sf_self_is_sandboxed(void)
{
	const struct sf_process *process = sf_process ? sf_self_process() : NULL;

	return process && atomic_load_explicit(&process->sandboxed, memory_order_relaxed);
}

/* Nanoseconds since the run began, by the clock. */
uint64_t sf_self_now_ns(void);

#endif
