/* SPDX-License-Identifier: MIT
 *
 * start.h -- helpers of start-up: the arena is mapped, or the program ends with one line that says why not. For init.c
 * and byhand.c, before main; later for a program that limits itself (wrap/limit.c).
 */
#ifndef SF_START_H
#define SF_START_H

#include <stdint.h>

#include "core/arena.h"

/* "sockfault: WHAT: WHICH" on standard error, status 125. */
_Noreturn void sf_start_fail(const char *what, const char *which);

/* Maps the arena at path as sf_arena. Ends the program where that is impossible. */
void sf_start_map(const char *path);

/* Maps this open file; length as it is now. NULL: no arena that we can use. */
struct sf_arena *sf_start_map_fd(int fd, const char **why);

/* How much address space an arena may take here: size, less where RLIMIT_AS is set. */
uint64_t sf_start_room(uint64_t size);

/* The program has limited its address space: it gets back what a limit that it began with would not have given us, but
 * for what is in use. */
void sf_start_yield(void);

/* Field 22 of /proc/PID/stat: when the process began; 0: no such process. */
uint64_t sf_start_time(const char *pid);

#endif
