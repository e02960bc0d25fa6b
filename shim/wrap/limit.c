/* SPDX-License-Identifier: MIT
 *
 * wrap/limit.c -- limits that a program gives itself. The arena takes address space of it, more than a program may want
 * to have in all (RLIMIT_AS): then we take less.
 */
#include <sys/resource.h>

#include "gate.h"
#include "start.h"

SF_EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	int ret = real_setrlimit(resource, limit);

	if (ret == 0 && resource == RLIMIT_AS)
		sf_start_yield();
	return ret;
}

/* Where a file's size has 64 bits, so has a limit. */
_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "one layout");
SF_EXPORT int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
    __attribute__((alias("setrlimit")));

static bool is_ours(pid_t pid)
{
	return sf_self_get() && sf_self_process()->pid == (uint32_t)pid;
}

SF_EXPORT int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *before)
{
	int ret = real_prlimit(pid, resource, limit, before);

	if (ret == 0 && limit && resource == RLIMIT_AS && (pid == 0 || is_ours(pid)))
		sf_start_yield();
	return ret;
}

SF_EXPORT int
prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit, struct rlimit64 *before)
    __attribute__((alias("prlimit")));
