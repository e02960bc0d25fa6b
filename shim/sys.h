/* SPDX-License-Identifier: MIT
 *
 * sys.h -- system calls without libc: they leave errno alone, are no cancellation points and work before libc does.
 * Each returns what the kernel does: a result, or -errno. Used for what the library itself asks, and for calls that
 * reach us before their real_ pointers are bound.
 */
#ifndef SF_SYS_H
#define SF_SYS_H

#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long sf_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline long sf_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}
#else
#error "sockfault knows x86-64 and aarch64"
#endif

/* Up to six arguments, of any integer or pointer type. */
#define SF_SYS_ARGS(_0, _1, _2, _3, _4, _5, _6, ...)                                                                   \
	_0, (long)(_1), (long)(_2), (long)(_3), (long)(_4), (long)(_5), (long)(_6)
#define sf_sys(...) sf_sys6(SF_SYS_ARGS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0))

static inline uint64_t sf_stamp_counter(void)
{
#if defined(__x86_64__)
	uint64_t low, high; /* the upper halves of both registers are cleared */

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return high << 32 | low;
#else
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#endif
}

#endif
