/* SPDX-License-Identifier: MIT
 *
 * raw.c -- raw_NAME() for each row of shim/wrap/raw.def: what libc's NAME does, through syscall(). The snippets are
 * built once more with these names in place of libc's. Whatever the types are, the caller passes words, and so do we.
 */
#include <sys/syscall.h>

#include "../snippet.h"

#define WORDS long a, long b, long c, long d, long e, long f
#define SIGSET_BYTES 8 /* of the kernel's sigset_t */

struct mask {
	long set, bytes;
};

#define plain(name, number)                                                                                            \
	long raw_##name(WORDS)                                                                                             \
	{                                                                                                                  \
		return syscall(number, a, b, c, d, e, f);                                                                      \
	}
#define message plain
#define copying plain
#define sized plain
#define timed plain
#define positioned(name, number)                                                                                       \
	long raw_##name(WORDS)                                                                                             \
	{                                                                                                                  \
		return syscall(number, a, b, c, d, f, e);                                                                      \
	}
#define masked(name, number)                                                                                           \
	long raw_##name(WORDS)                                                                                             \
	{                                                                                                                  \
		(void)f;                                                                                                       \
		return syscall(number, a, b, c, d, e, SIGSET_BYTES);                                                           \
	}
#define waiting(name, number)                                                                                          \
	long raw_##name(WORDS)                                                                                             \
	{                                                                                                                  \
		(void)e, (void)f;                                                                                              \
		return syscall(number, a, b, c, d, 0);                                                                         \
	}
#define polling(name, number)                                                                                          \
	long raw_##name(WORDS)                                                                                             \
	{                                                                                                                  \
		(void)e, (void)f;                                                                                              \
		return syscall(number, a, b, c, d, SIGSET_BYTES);                                                              \
	}
#define selecting(name, number)                                                                                        \
	long raw_##name(WORDS)                                                                                             \
	{                                                                                                                  \
		struct mask mask = {f, SIGSET_BYTES};                                                                          \
                                                                                                                       \
		return syscall(number, a, b, c, d, e, &mask);                                                                  \
	}

#define SF_RAW(number, name, concerns, by)                                                                             \
	long raw_##name(WORDS);                                                                                            \
	by(name, SYS_##number)
#include "raw.def"
