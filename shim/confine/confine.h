/* SPDX-License-Identifier: MIT
 *
 * confine.h -- the parts of `sockfault-confine`. It is executed between a sandbox and the program in it, so it may be
 * under the library itself: it makes no socket call and no process but the one of init.c. What can't be done ends it
 * with status 125 and a line on standard error, and the program is never run less confined than was asked for.
 */
#ifndef SF_CONFINE_H
#define SF_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#define SF_CONFINE_TROUBLE 125

_Noreturn void confine_die(const char *what, const char *name);

/* ---- mounts.c: a root of its own, within a user and a mount namespace where we have all capabilities ---- */

/* Once, before the first of the others. What is bound is named as it was before; new places as they will be. */
void confine_view_begin(void);
void confine_bind(const char *from, const char *to, bool may_write);
void confine_symlink(const char *content, const char *place);
/* size, mode: texts, bytes and octal; NULL: 1 MiB, 0755 */
void confine_tmpfs(const char *place, const char *size, const char *mode);
void confine_proc(const char *place);
void confine_devices(const char *place);
void confine_read_only(const char *place);
/* The new root is the root, and nothing of the old one can be reached. */
void confine_view_end(void);

/* ---- fence.c: Landlock, landlock(7), where the kernel has it ---- */

/* Version of Landlock here, 0: none. */
int confine_fence_version(void);
/* Asks for the fence. port: the only one that TCP may connect to; 0: any. */
void confine_fence_begin(unsigned long port);
/* What may be reached nevertheless. A place that does not exist is left out. */
void confine_fence_allow(const char *place, bool may_write);
/* From here on it holds, for us and all that we become. It needs no_new_privs. */
void confine_fence_close(void);

/* ---- init.c: the first process of a namespace, which has to be somebody who waits ---- */

/* Returns in a child, which may be killed by any signal, as a first process may not. The first process ends with the
 * child, and all others with it; or, as `sockfault run` does, with the last of the namespace. Its status is the
 * child's, or 128 + its signal. */
void confine_fork_init(bool waits_for_all);

#endif
