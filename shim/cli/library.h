/* SPDX-License-Identifier: MIT
 *
 * library.h -- which files the dynamic loader would map for a program, without asking it: DT_NEEDED of each, found
 * along DT_RPATH, LD_LIBRARY_PATH, DT_RUNPATH, /etc/ld.so.cache and the default folders. Libraries that a program opens
 * later (dlopen) are not known.
 */
#ifndef SF_CLI_LIBRARY_H
#define SF_CLI_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/elf.h"

struct sf_library {
	const char *name;         /* as it was asked for */
	const char *path;         /* "" where it was not found */
	const char *needed_by;    /* name of the first one that asked; NULL: the program itself */
	const struct sf_elf *elf; /* NULL where it was not found or can't be read */
};

/* Where `name`, needed by this file, is found. False: nowhere. */
bool sf_library_find(const struct sf_elf *elf, const char *path, const char *name, char *found, size_t size);

/* Calls visit(user, library) for the program and for each library below it, once each and breadth first, until it says
 * false. Without `libc`, the loader and the C library itself are left out. What the record points to lives during the
 * call only. */
void sf_library_walk(
    const char *program, bool libc, bool (*visit)(void *user, const struct sf_library *library), void *user);

#endif
