/* SPDX-License-Identifier: MIT
 *
 * target.h -- from a command, as typed, to the files that the kernel will run for it: itself, or its interpreters.
 * Follows execvp(3), "#!" lines and `#!/usr/bin/env NAME`. Reads files, executes nothing.
 */
#ifndef SF_CLI_TARGET_H
#define SF_CLI_TARGET_H

#include <limits.h>
#include <stdbool.h>

#include "cli/elf.h"

/* The kernel follows four interpreters of interpreters; env may add one program. */
#define SF_TARGET_FILES 8

struct sf_target {
	unsigned count;                        /* of files, at least 1 */
	int error;                             /* 0, or the errno that the last file gives when it is run */
	bool unreadable;                       /* the last file may be executed but not read: nothing is known of it */
	struct sf_elf elf;                     /* the last file, mapped, if it is a program; else with is_elf false */
	char files[SF_TARGET_FILES][PATH_MAX]; /* as typed and found along PATH, its interpreter, ... the program itself */
};

void sf_target_find(struct sf_target *target, const char *command);

/* Unmaps the program. */
void sf_target_close(struct sf_target *target);

/* The file that becomes the process in the end. */
static inline const char *sf_target_program(const struct sf_target *target)
{
	return target->files[target->count - 1];
}

/* The file that execvp(3) takes for this name, in PATH_MAX bytes: an errno, or 0. Looks into no file. */
int sf_target_search(char *found, const char *name);

#endif
