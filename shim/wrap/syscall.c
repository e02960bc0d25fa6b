/* SPDX-License-Identifier: MIT
 *
 * wrap/syscall.c -- syscall(2) with the number of a call that we wrap: the wrapper of that name does it, so that rules
 * meet it and the books stay true, whichever way a program takes. wrap/jump.S comes here for the numbers of raw.def and
 * for no others. What is told apart is what the kernel tells apart from libc: where arguments lie, the time that is
 * left, and that syscall() is no cancellation point.
 */
#include <errno.h>
#include <pthread.h>

#include "evlog.h"
#include "gate.h"
#include "raw.h"

#define KERNEL_SIGSET_BYTES 8
#define ARGUMENTS 6

enum concerns { SOCKET, WAIT, ALWAYS };

struct raw {
	void (*wrapper)(void);
	long (*by)(const struct raw *raw, const long *given, const void *site);
	uint8_t concerns;  /* enum concerns */
	uint8_t operation; /* enum sf_operation */
	uint16_t number;
};

/* From wrap/jump.S: calls the wrapper with these arguments; SF_SITE finds the program's call there, not ours. */
long sf_raw_call(const long *given, void (*wrapper)(void), const void *site) __attribute__((visibility("hidden")));
/* For wrap/jump.S. */
long sf_syscall(long number, long a, long b, long c, long d, long e, long f) __attribute__((visibility("hidden")));

static long by_kernel(const struct raw *raw, const long *a)
{
	long ret = sf_sys(raw->number, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
}

/* No result of a wrapper is wider than an int: the kernel moves at most INT_MAX bytes a call. */
static long plain(const struct raw *raw, const long *given, const void *site)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	long ret = (int)sf_raw_call(given, raw->wrapper, site);

	pthread_setcancelstate(state, &state);
	return ret;
}

/* The position is two words, of which 64-bit kernels read the first. */
static long positioned(const struct raw *raw, const long *given, const void *site)
{
	const long moved[ARGUMENTS] = {given[0], given[1], given[2], given[3], given[5]};

	return plain(raw, moved, site);
}

/* A mask of another size is refused by the kernel. */
static bool masks(long mask, long size)
{
	return !mask || size == KERNEL_SIGSET_BYTES;
}

static long masked(const struct raw *raw, const long *given, const void *site)
{
	return masks(given[4], given[5]) ? plain(raw, given, site) : by_kernel(raw, given);
}

/* Not every libc asks the kernel what to do with such: where nothing can come of it, the kernel is asked at once. */
static long message(const struct raw *raw, const long *given, const void *site)
{
	return sf_readable((const void *)given[1]) ? plain(raw, given, site) : by_kernel(raw, given);
}

static long copying(const struct raw *raw, const long *given, const void *site)
{
	bool refused = (int)given[0] == (int)given[1] || ((int)given[2] & ~O_CLOEXEC);

	return refused ? by_kernel(raw, given) : plain(raw, given, site);
}

/* The kernel's waitid has a fifth argument: what the child has used. */
static long waiting(const struct raw *raw, const long *given, const void *site)
{
	return given[4] ? by_kernel(raw, given) : plain(raw, given, site);
}

/* The kernel writes the time that is left over the timeout; libc's functions keep it from the program. `unit_ns`: of
 * its second word. */
static long leaves_time(const struct raw *raw, const long *given, long *timeout, uint64_t unit_ns, const void *site)
{
	if (!sf_readable(timeout) || !sf_self_get())
		return plain(raw, given, site);
	uint64_t asked_ns = (uint64_t)timeout[0] * 1000000000 + (uint64_t)timeout[1] * unit_ns;
	uint64_t begun_ns = sf_self_now_ns();
	long ret = plain(raw, given, site);

	if (asked_ns && (ret >= 0 || (errno != EFAULT && errno != EINVAL))) {
		uint64_t spent_ns = sf_self_now_ns() - begun_ns;
		uint64_t left_ns = spent_ns < asked_ns ? asked_ns - spent_ns : 0;

		timeout[0] = (long)(left_ns / 1000000000);
		timeout[1] = (long)(left_ns % 1000000000 / unit_ns);
	}
	return ret;
}

static long polling(const struct raw *raw, const long *given, const void *site)
{
	if (!masks(given[3], given[4]))
		return by_kernel(raw, given);
	return leaves_time(raw, given, (long *)given[2], 1, site);
}

/* The mask comes with its size, behind a pointer. */
static long selecting(const struct raw *raw, const long *given, const void *site)
{
	const long *mask = (const long *)given[5];
	long moved[ARGUMENTS] = {given[0], given[1], given[2], given[3], given[4], 0};

	if (mask && (!sf_readable(mask) || !masks(mask[0], mask[1])))
		return by_kernel(raw, given);
	moved[5] = mask ? mask[0] : 0;
	return leaves_time(raw, moved, (long *)given[4], 1, site);
}

/* For numbers that younger machines do without. */
#if defined(__x86_64__)
static long sized(const struct raw *raw, const long *given, const void *site)
{
	return (int)given[0] > 0 ? plain(raw, given, site) : by_kernel(raw, given);
}

static long timed(const struct raw *raw, const long *given, const void *site)
{
	return leaves_time(raw, given, (long *)given[4], 1000, site);
}
#endif

static const struct raw raws[] = {
#define SF_RAW(number_, wrapper_, concerns_, by_)                                                                      \
	{(void (*)(void))wrapper_, by_, concerns_, SF_OPERATION_OF_##wrapper_, SYS_##number_},
#include "raw.def"
#undef SF_RAW
};

enum row {
#define SF_RAW(number, wrapper, concerns, by) ROW_##number,
#include "raw.def"
#undef SF_RAW
};

/* Which of them a number is. The rows themselves have pointers, and stand close together: the loader puts those right
 * in each program that starts. */
static const uint8_t rows[SF_RAW_NUMBERS] = {
#define SF_RAW(number, wrapper, concerns, by) [SYS_##number] = ROW_##number,
#include "raw.def"
#undef SF_RAW
};

extern const uint8_t sf_raw_kinds[SF_RAW_NUMBERS] __attribute__((visibility("hidden")));
const uint8_t sf_raw_kinds[SF_RAW_NUMBERS] = {
#define SF_RAW(number, wrapper, concerns, by) [SYS_##number] = SF_RAW_OURS,
#include "raw.def"
#undef SF_RAW
    [SYS_clone] = SF_RAW_NOTED,   [SYS_clone3] = SF_RAW_NOTED,
    [SYS_seccomp] = SF_RAW_NOTED, [SYS_io_uring_setup] = SF_RAW_NOTED,
#if defined(__x86_64__)
    [SYS_fork] = SF_RAW_NOTED,    [SYS_vfork] = SF_RAW_NOTED,
#endif
};

static bool concerns_us(const struct raw *raw, int fd)
{
	switch (raw->concerns) {
	case SOCKET:
		return sf_fd_entry(fd) != 0;
	case WAIT:
		return !sf_unwatched(raw->operation);
	default:
		return true;
	}
}

long sf_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	const struct raw *raw = &raws[rows[number]];
	const long given[ARGUMENTS] = {a, b, c, d, e, f};

	if (!concerns_us(raw, (int)a))
		return by_kernel(raw, given);
	return raw->by(raw, given, __builtin_extract_return_addr(__builtin_return_address(0)));
}
