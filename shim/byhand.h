/* SPDX-License-Identifier: MIT
 *
 * byhand.h -- preloading without the command: the first process of the tree reads the rules from its environment and
 * makes the arena that its children share.
 */
#ifndef SF_BYHAND_H
#define SF_BYHAND_H

#include <stdbool.h>

/* Does the environment ask for anything? */
bool sf_byhand_wanted(void);

/* Maps an arena as sf_arena: SOCKFAULT_TRACE's if a process that is registered there lives, else a new one. Its path.
 */
const char *sf_byhand_open(void);

/* At exit: a file that nobody named is removed by the last process that has it. */
void sf_byhand_leave(const char *path);

#endif
