/* SPDX-License-Identifier: MIT
 *
 * heir.h -- the programs that this one becomes or starts stay under the library (law 12): their environment gets
 * LD_PRELOAD and SOCKFAULT_ARENA again, extended and never replaced, on the stack of the caller; their process records
 * are made ahead, so that one into which the library does not come is reported as escaped.
 */
#ifndef SF_HEIR_H
#define SF_HEIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start-up: the library's own path and the arena's, which stay where they are. */
void sf_heir_start(const char *library, const char *arena);

/* How much sf_heir_environment() needs: pointers, and bytes of text. False: envp is as it should be, use it. */
bool sf_heir_measure(char *const envp[], size_t *pointers, size_t *bytes);

/* Writes the environment; `child` is the record that a spawned process is to claim, 0: none. */
void sf_heir_environment(char *const envp[], uint32_t child, char **pointers, char *bytes);

/* A text that, put before a shell command, gives it the environment; "" where environ has it already. Bytes needed,
 * with the NUL; nothing is written past size. */
size_t sf_heir_shell_prefix(char *const envp[], char *text, size_t size);

/* The current process (or the vfork child that runs in its memory) is about to execute this file. A record index for
 * sf_heir_exec_failed, or 0. */
uint32_t sf_heir_exec(const char *path);
void sf_heir_exec_failed(uint32_t record);

/* A child is about to be spawned: its record, to be claimed by it. `pid` 0 in settled: the spawn failed. */
uint32_t sf_heir_spawn(const char *path);
void sf_heir_spawned(uint32_t record, int pid);

#endif
