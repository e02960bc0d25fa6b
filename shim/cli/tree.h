/* SPDX-License-Identifier: MIT
 *
 * tree.h -- the processes below this one. The command is their subreaper (prctl(2)), so that none gets away: what loses
 * its parent becomes a child of the command. Only processes found below ourselves are ever sent a signal.
 */
#ifndef SF_CLI_TREE_H
#define SF_CLI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Children of the command that are its own helpers: their trees are left out below. */
#define SF_HELPERS_MAX 3
struct sf_tree {
	pid_t helpers[SF_HELPERS_MAX]; /* 0: none */
};

/* From now on orphans come to this process. */
void sf_tree_begin(void);

/* Sends the signal to each process below this one, those of helpers' trees excepted. How many there were. */
size_t sf_tree_signal(const struct sf_tree *tree, int signal);

/* The process below this one whose own name for itself, within its namespace, is that number (pid_namespaces(7)); the
 * one in the innermost namespace, should there be several. 0: there is none. */
pid_t sf_tree_find(const struct sf_tree *tree, pid_t own);

/* Is no process left but helpers and what is below them? */
bool sf_tree_is_empty(const struct sf_tree *tree);

/* Calls visit for each child of this process that is a process, whatever its state. */
void sf_tree_children(void (*visit)(pid_t pid, void *context), void *context);

/* Do all threads below this process sleep, and has none had a turn on a processor since the last look? `turns` is kept
 * from look to look, and 0 before the first, which is never the last. Threads of helpers' trees do not count. */
bool sf_tree_rests(const struct sf_tree *tree, uint64_t *turns);

/* Milliseconds that the threads of a process have run or have wanted to, be the machine as busy as it likes; 0: that is
 * not known. */
uint32_t sf_tree_busy_ms(pid_t pid);

/* Names of what is left, as "123 (sshd), 125 (cat)", cut to fit. */
void sf_tree_describe(const struct sf_tree *tree, char *text, size_t size);

#endif
