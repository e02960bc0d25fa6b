/* SPDX-License-Identifier: MIT
 *
 * clock.c -- reads the tick counter (rdtsc, cntvct) beside CLOCK_MONOTONIC, and says whether it can be trusted. Two
 * pairs taken at a distance give the straight line by which sf_arena_ns() reads stamps.
 */
#include "cli/clock.h"

#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>

#define INVARIANT_TSC (1U << 8) /* CPUID 0x80000007, EDX */

bool sf_clock_is_steady(void)
{
	static enum { UNKNOWN, STEADY, UNSTEADY } answer; /* the question takes a virtual machine some microseconds */
	unsigned a, b, c, d;

	/* Each 64-bit processor has this leaf: to ask first whether it has would take as long again. */
	if (answer == UNKNOWN) {
		__cpuid(0x80000007, a, b, c, d);
		answer = d & INVARIANT_TSC ? STEADY : UNSTEADY;
	}
	return answer == STEADY;
}

static uint64_t read_ticks(void)
{
	return __rdtsc();
}
#else
/* The generic timer of ARM is steady by definition. */
bool sf_clock_is_steady(void)
{
	return true;
}

static uint64_t read_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}
#endif

uint64_t sf_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The reading of the clock lies between two of the counter: their middle belongs to it. */
struct sf_clock_pair sf_clock_read(bool stamps_are_ns)
{
	uint64_t before = read_ticks();
	uint64_t ns = sf_clock_ns();
	uint64_t after = read_ticks();

	if (stamps_are_ns)
		return (struct sf_clock_pair){ns, ns};
	return (struct sf_clock_pair){before + (after - before) / 2, ns};
}
