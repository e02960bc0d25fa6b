/* SPDX-License-Identifier: MIT
 *
 * told.h -- what COMMAND's library would have to look up below /proc before main is looked up by the command: /proc is
 * slow, and while the loader is at work on COMMAND the command has nothing to do.
 */
#ifndef SF_CLI_TOLD_H
#define SF_CLI_TOLD_H

#include <sys/types.h>

#include "core/arena.h"

/* COMMAND has just been executed as this process. What is not found, or comes too late, its library looks up itself. */
void sf_told_of(struct sf_arena *arena, pid_t pid);

#endif
