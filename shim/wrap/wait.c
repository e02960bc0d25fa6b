/* SPDX-License-Identifier: MIT
 *
 * wrap/wait.c -- waits for children. No rule meets them; they are recorded, also while they last, and what became of a
 * child is written into its process's record: of a signal the library in it knows nothing.
 */
#include "evlog.h"
#include "gate.h"
#include "record.h"

static void record_end(pid_t pid, int status)
{
	struct sf_process *process = sf_process_at(sf_arena, sf_process_find(sf_arena, (uint32_t)pid));

	if (!process || atomic_load_explicit(&process->state, memory_order_acquire) != SF_PROCESS_LOADED)
		return;
	process->exit_status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	atomic_store_explicit(
	    &process->state, WIFSIGNALED(status) ? SF_PROCESS_SIGNALED : SF_PROCESS_EXITED, memory_order_release);
}

static void reaped(struct sf_call *c, pid_t pid, int status)
{
	struct sf_waited waited = {pid, status};

	if (!c->event || pid <= 0 || (!WIFEXITED(status) && !WIFSIGNALED(status)))
		return;
	sf_event_extend(c->event, SF_EXTENSION_WAIT, &waited, sizeof waited);
	record_end(pid, status);
}

static pid_t leave(struct sf_call *c, pid_t pid, const int *status)
{
	reaped(c, pid, pid > 0 ? *status : 0);
	return (pid_t)sf_record_end(c, pid);
}

/* A program that does not ask for the status gets none; we do ask. */
#define ASKED(status) ((status) ? (status) : &own)

SF_EXPORT pid_t wait(int *status)
{
	if (sf_unwatched(SF_PROCESS))
		return real_wait(status);
	struct sf_call c = SF_CALL_PLAIN(wait, SF_SITE, -1, .asked = (size_t)-1);
	int own;

	sf_record_begin(&c);
	return leave(&c, real_wait(ASKED(status)), ASKED(status));
}

SF_EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
	if (sf_unwatched(SF_PROCESS))
		return real_waitpid(pid, status, options);
	struct sf_call c = SF_CALL_PLAIN(waitpid, SF_SITE, -1, .asked = (size_t)pid, .flags = options);
	int own;

	sf_record_begin(&c);
	return leave(&c, real_waitpid(pid, ASKED(status), options), ASKED(status));
}

SF_EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
	if (sf_unwatched(SF_PROCESS))
		return real_wait3(status, options, usage);
	struct sf_call c = SF_CALL_PLAIN(wait3, SF_SITE, -1, .asked = (size_t)-1, .flags = options);
	int own;

	sf_record_begin(&c);
	return leave(&c, real_wait3(ASKED(status), options, usage), ASKED(status));
}

SF_EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	if (sf_unwatched(SF_PROCESS))
		return real_wait4(pid, status, options, usage);
	struct sf_call c = SF_CALL_PLAIN(wait4, SF_SITE, -1, .asked = (size_t)pid, .flags = options);
	int own;

	sf_record_begin(&c);
	return leave(&c, real_wait4(pid, ASKED(status), options, usage), ASKED(status));
}

/* As wait(2) has it; of a child that was only stopped, or goes on: nothing that counts. */
static int status_of(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_KILLED:
	case CLD_DUMPED:
		return info->si_status & 0x7f;
	default:
		return 0x7f;
	}
}

SF_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	if (sf_unwatched(SF_PROCESS))
		return real_waitid(type, id, info, options);
	struct sf_call c = SF_CALL_PLAIN(waitid, SF_SITE, -1, .asked = type == P_PID ? id : (size_t)-1, .flags = options);
	siginfo_t own = {.si_pid = 0}, *asked = info ? info : &own;

	sf_record_begin(&c);
	int ret = real_waitid(type, id, asked, options);

	if (ret == 0 && !(options & WNOWAIT))
		reaped(&c, asked->si_pid, status_of(asked));
	return (int)sf_record_end(&c, ret);
}
