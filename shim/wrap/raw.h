/* SPDX-License-Identifier: MIT
 *
 * wrap/raw.h -- what wrap/jump.S and wrap/syscall.c tell each other. Read by the assembler too.
 */
#ifndef SF_WRAP_RAW_H
#define SF_WRAP_RAW_H

#define SF_RAW_NUMBERS 512 /* no system call that we know has a higher number */

/* sf_raw_kinds[number] */
#define SF_RAW_PASSES 0
#define SF_RAW_NOTED 1 /* leaves a note, then libc's own function: it may return twice, or on another stack */
#define SF_RAW_OURS 2  /* sf_syscall() does it, by the wrapper of that name */

#endif
