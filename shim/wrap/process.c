/* SPDX-License-Identifier: MIT
 *
 * wrap/process.c -- processes and threads: what is started stays under the library and knows its lineage. vfork, clone
 * and syscall are in wrap/jump.S, because nothing may return twice through a frame of ours.
 */
#include <alloca.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

#include "evlog.h"
#include "gate.h"
#include "heir.h"
#include "track.h"

extern char **environ;

/* ---- fork and threads ---- */

static pid_t forked(pid_t pid)
{
	if (pid == 0)
		sf_self_forked();
	else
		sf_self_here.fork_site = 0;
	return pid;
}

SF_EXPORT pid_t fork(void)
{
	/* pthread_atfork tells parent and child: that sees the forks inside libc as well. */
	sf_self_forks_at(SF_SITE);
	return forked(real_fork());
}

SF_EXPORT pid_t _Fork(void)
{
	sf_self_forks_at(SF_SITE);
	sf_self_forks();
	return forked(real__Fork());
}

struct beginning {
	void *(*start)(void *);
	void *argument;
	uint32_t thread;
	_Atomic uint32_t taken;
};

/* The creator's frame lives until `taken`: no allocation, and no thread that is not yet named. */
static void *begin_thread(void *argument)
{
	struct beginning *beginning = argument;
	void *(*start)(void *) = beginning->start;
	void *its_argument = beginning->argument;

	sf_self_thread_begins(beginning->thread);
	atomic_store_explicit(&beginning->taken, 1, memory_order_release);
	sf_sys(SYS_futex, &beginning->taken, 1 /* FUTEX_WAKE */, 1);
	return start(its_argument);
}

SF_EXPORT int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
	struct beginning beginning = {start, argument, sf_self_is_sandboxed() ? 0 : sf_self_thread_ahead(), 0};

	if (!beginning.thread)
		return real_pthread_create(thread, attributes, start, argument);
	sf_event_note(SF_EVENT_THREAD, 0, beginning.thread);
	int ret = real_pthread_create(thread, attributes, begin_thread, &beginning);

	while (ret == 0 && !atomic_load_explicit(&beginning.taken, memory_order_acquire))
		sf_sys(SYS_futex, &beginning.taken, 0 /* FUTEX_WAIT */, 0, NULL);
	return ret;
}

/* From wrap/jump.S, before the real call. */
void sf_jump_syscall(long number, long first, long second) __attribute__((visibility("hidden")));
void sf_jump_clone(void) __attribute__((visibility("hidden")));
void sf_jump_bind(void) __attribute__((visibility("hidden")));

void sf_jump_bind(void)
{
	const char *missing;

	sf_real_bind(&missing);
}

static void note_sandbox(void)
{
	struct sf_process *process = sf_self_get() ? sf_self_process() : NULL;

	if (process)
		atomic_store_explicit(&process->sandboxed, 1, memory_order_relaxed);
}

void sf_jump_clone(void)
{
	sf_self_forks();
}

/* clone(flags, ...) and clone3(struct clone_args *, ...), whose first member is the flags. */
static void note_clone(long number, long first)
{
	uint64_t flags = number == SYS_clone ? (uint64_t)first : 0;

#if defined(__x86_64__)
	if (number == SYS_vfork)
		flags = CLONE_VM | CLONE_VFORK;
#endif
	if (number == SYS_clone3 && sf_readable((const void *)first))
		flags = *(const uint64_t *)first;
	if (flags & CLONE_THREAD)
		return;
	if (flags & CLONE_VM)
		sf_self_shares(flags & CLONE_VFORK);
	else
		sf_self_forks();
}

void sf_jump_syscall(long number, long first, long second)
{
	(void)second;
	if (number == SYS_seccomp) {
		if (first == SECCOMP_SET_MODE_FILTER || first == SECCOMP_SET_MODE_STRICT)
			note_sandbox();
		if (first == SECCOMP_SET_MODE_STRICT)
			sf_self_goes_blind();
	} else if (number == SYS_io_uring_setup) {
		atomic_fetch_add_explicit(&sf_arena->io_uring, 1, memory_order_relaxed);
	} else {
		note_clone(number, first);
	}
}

SF_EXPORT int prctl(int option, ...)
{
	va_list rest;
	unsigned long a[4];

	va_start(rest, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(rest, unsigned long);
	va_end(rest);
	if (option == PR_SET_SECCOMP)
		note_sandbox();
	/* Strict mode and PR_TSC_SIGSEGV make reading a clock fatal for this thread: nothing of it is recorded from here.
	 */
	if ((option == PR_SET_SECCOMP && a[0] == SECCOMP_MODE_STRICT) || (option == PR_SET_TSC && a[0] == PR_TSC_SIGSEGV))
		sf_self_goes_blind();
	return real_prctl(option, a[0], a[1], a[2], a[3]);
}

SF_EXPORT void _exit(int status)
{
	struct sf_process *process = sf_self_is_guest() || !sf_self_get() ? NULL : sf_self_process();

	if (process) {
		sf_track_exit();
		sf_event_note(SF_EVENT_EXIT, status, 0);
		process->exit_status = status & 0xff;
		atomic_store_explicit(&process->state, SF_PROCESS_EXITED, memory_order_release);
	}
	real__exit(status);
	__builtin_unreachable();
}

/* ---- exec ---- */

/* Calls `run` with an environment that is as it should be; the stack holds it. */
#define WITH_ENVIRONMENT(name, envp, child)                                                                            \
	char *const *name = (envp);                                                                                        \
	size_t name##_pointers, name##_bytes;                                                                              \
                                                                                                                       \
	if (sf_heir_measure((envp), &name##_pointers, &name##_bytes)) {                                                    \
		char **name##_array = alloca(name##_pointers * sizeof(char *));                                                \
		char *name##_text = alloca(name##_bytes);                                                                      \
                                                                                                                       \
		sf_heir_environment((envp), (child), name##_array, name##_text);                                               \
		name = name##_array;                                                                                           \
	}

SF_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	WITH_ENVIRONMENT(environment, envp, 0)
	uint32_t record = sf_heir_exec(path);
	int ret = real_execve(path, argv, environment);

	sf_heir_exec_failed(record);
	return ret;
}

SF_EXPORT int execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	WITH_ENVIRONMENT(environment, envp, 0)
	uint32_t record = sf_heir_exec(path);
	int ret = real_execveat(dir, path, argv, environment, flags);

	sf_heir_exec_failed(record);
	return ret;
}

SF_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	WITH_ENVIRONMENT(environment, envp, 0)
	uint32_t record = sf_heir_exec("(descriptor)");
	int ret = real_fexecve(fd, argv, environment);

	sf_heir_exec_failed(record);
	return ret;
}

SF_EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	WITH_ENVIRONMENT(environment, envp, 0)
	uint32_t record = sf_heir_exec(file);
	int ret = real_execvpe(file, argv, environment);

	sf_heir_exec_failed(record);
	return ret;
}

SF_EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

SF_EXPORT int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* Words up to the NULL: how many, and then one by one. */
static size_t count_words(va_list rest)
{
	size_t n = 1;

	while (va_arg(rest, char *))
		n++;
	return n;
}

/* By pointer: the caller goes on behind them, and on some machines a va_list is a value. */
static void take_words(char **argv, const char *first, va_list *rest)
{
	argv[0] = (char *)(uintptr_t)first;
	for (size_t i = 0; argv[i]; i++)
		argv[i + 1] = va_arg(*rest, char *);
}

#define WORDS(argv, first)                                                                                             \
	va_list rest;                                                                                                      \
                                                                                                                       \
	va_start(rest, first);                                                                                             \
	char **argv = alloca(((first) ? count_words(rest) + 1 : 1) * sizeof(char *));                                      \
                                                                                                                       \
	va_end(rest);                                                                                                      \
	va_start(rest, first);                                                                                             \
	take_words(argv, first, &rest)

SF_EXPORT int execl(const char *path, const char *first, ...)
{
	WORDS(argv, first);
	va_end(rest);
	return execve(path, argv, environ);
}

SF_EXPORT int execlp(const char *file, const char *first, ...)
{
	WORDS(argv, first);
	va_end(rest);
	return execvpe(file, argv, environ);
}

SF_EXPORT int execle(const char *path, const char *first, ...)
{
	WORDS(argv, first);
	char **envp = va_arg(rest, char **);

	va_end(rest);
	return execve(path, argv, envp);
}

/* ---- spawn ---- */

SF_EXPORT int posix_spawn(
    pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const argv[], char *const envp[])
{
	uint32_t record = sf_heir_spawn(path);
	pid_t child = 0;

	WITH_ENVIRONMENT(environment, envp, record)
	int ret = real_posix_spawn(&child, path, actions, attributes, argv, environment);

	sf_heir_spawned(record, ret == 0 ? child : 0);
	if (pid && ret == 0)
		*pid = child;
	return ret;
}

SF_EXPORT int posix_spawnp(
    pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const argv[], char *const envp[])
{
	uint32_t record = sf_heir_spawn(file);
	pid_t child = 0;

	WITH_ENVIRONMENT(environment, envp, record)
	int ret = real_posix_spawnp(&child, file, actions, attributes, argv, environment);

	sf_heir_spawned(record, ret == 0 ? child : 0);
	if (pid && ret == 0)
		*pid = child;
	return ret;
}

/* libc's shell is started with environ as it is: where that lacks the library, the command line brings it back. */
#define SHELL_COMMAND(name, command)                                                                                   \
	size_t name##_prefix = sf_heir_shell_prefix(environ, NULL, 0);                                                     \
	char *name = alloca(name##_prefix + strlen(command));                                                              \
                                                                                                                       \
	sf_heir_shell_prefix(environ, name, name##_prefix);                                                                \
	strcpy(name + name##_prefix - 1, command)

SF_EXPORT int system(const char *command)
{
	if (!command)
		return real_system(command);
	SHELL_COMMAND(full, command);
	sf_track_hand_over();
	return real_system(full);
}

SF_EXPORT FILE *popen(const char *command, const char *mode)
{
	SHELL_COMMAND(full, command);
	sf_track_hand_over();
	return real_popen(full, mode);
}

SF_EXPORT pid_t __fork(void) __attribute__((alias("fork")));
SF_EXPORT void _Exit(int status) __attribute__((alias("_exit")));
