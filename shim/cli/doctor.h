/* SPDX-License-Identifier: MIT
 *
 * doctor.h -- will the library load into this command, and what will it see there? Answered by reading files alone:
 * nothing of the target is ever executed, and its files may be hostile.
 *
 * `command` is argv[0] of the target as it would be given to execvp(3): without a slash it is searched along PATH.
 * Scripts are followed to their interpreter ("#!/usr/bin/env NAME" included). What can't be found or executed is not
 * refused here: exec itself says that, with status 126 or 127. What may be executed but not read can't be judged and is
 * let through.
 */
#ifndef SF_CLI_DOCTOR_H
#define SF_CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

/* True if the library can't load into the command, or would see nothing there (static, set-user-ID or with
 * capabilities, another word size or machine, another libc, Go); `why` then has one sentence without a full stop: "it
 * is statically linked: no library can be preloaded". Cheap: a few system calls, no library is read. */
bool sf_doctor_refuses(const char *command, char *why, size_t size);

/* Can the command or one of its libraries use io_uring (needs liburing, imports its names, or has the number of
 * io_uring_setup in its code)? Reads the libraries too: some milliseconds for a large program. */
bool sf_doctor_may_use_io_uring(const char *command);

/* The shared sanitizer runtime of the command, which must come first in LD_PRELOAD: its path in `path`, which is
 * returned. NULL: it has none, or has it inside. Cheap where there is none. */
const char *sf_doctor_asan_runtime(const char *command, char *path, size_t size);

/* The same of one file. The program itself is searched for the number in any case, a library only if it imports
 * syscall. */
struct sf_elf;
bool sf_doctor_uses_io_uring(const struct sf_elf *elf, bool program);

/* `sockfault doctor COMMAND`: the report. 0, or 125 when the library will not load. */
int sf_cmd_doctor(int argc, char **argv);

/* None of the three questions above has an answer worth acting on: the library loads, it needs no sanitizer's runtime
 * before it, and nothing uses io_uring. Found out once for a batch; else false. */
bool sf_doctor_knows_as_plain(const char *command);

#endif
