/* SPDX-License-Identifier: MIT
 *
 * fdtab.h -- what each descriptor of this process is: the only code that indexes by fd. A number out of range, or one
 * that was never seen, is "not ours", never an error.
 *
 * An entry is one word, so that it is read and written whole: place of the socket record in the arena (0: not a
 * socket), the operations that some rule meets on it, the generation in which that was settled. Zero pages until used:
 * nothing is sized by RLIMIT_NOFILE (engineering, Speed). An entry is dropped before the real close (law 9). While all
 * calls are recorded it leaves a grave: no socket any more, but the index of the one it was. So a call on a number that
 * the program itself has closed is seen.
 */
#ifndef SF_FDTAB_H
#define SF_FDTAB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "self.h"

/* Large tables lie behind the small variables, which share a page or two that way: a page costs each program that
 * starts some microseconds. The linker sorts sections by name. */
#define SF_TABLE __attribute__((section(".bss.table")))

#define SF_FDS (1 << 20) /* the kernel's own default ceiling (fs.nr_open) */

#pragma GCC visibility push(hidden)
extern struct sf_fd_table {
	_Atomic uint64_t entries[SF_FDS];
	uint8_t registered[SF_FDS]; /* with an epoll instance, or one itself (registered.h) */
} sf_fd_table;

/* Highest descriptor that was ever entered, plus one: loops over the table end there. */
extern _Atomic int sf_fds_top;
#pragma GCC visibility pop

/* No socket, and not nothing, so that calls on it can be recorded: a number that the program has closed, with the index
 * of what it was, or one that no descriptor ever has. */
#define SF_ENTRY_GRAVE (UINT64_C(1) << 63)
#define SF_ENTRY_NEVER SF_ENTRY_GRAVE

/* It was never entered; so is what is no number. Read as a plain word, so that it takes but one comparison. */
static inline bool sf_fd_is_beyond(int fd)
{
	return (unsigned)fd >= *(const unsigned *)(uintptr_t)&sf_fds_top;
}

static inline uint64_t sf_fd_entry(int fd)
{
	if (__builtin_expect((unsigned)fd < SF_FDS, 1))
		return atomic_load_explicit(&sf_fd_table.entries[(unsigned)fd], memory_order_relaxed);
	return fd < 0 ? SF_ENTRY_NEVER : 0;
}

static inline uint32_t sf_entry_place(uint64_t entry)
{
	return (uint32_t)entry;
}

/* NULL: not a socket. */
static inline struct sf_socket *sf_entry_socket(uint64_t entry)
{
	uint64_t place = sf_entry_place(entry);

	return place ? sf_arena_at(sf_arena, place * sizeof(struct sf_socket)) : NULL;
}

static inline uint32_t sf_entry_operations(uint64_t entry)
{
	return entry >> 32 & 0xffff;
}

static inline uint8_t sf_entry_generation(uint64_t entry)
{
	return (uint8_t)(entry >> 56);
}

/* Index of the socket that the number was until the program closed it; 0: it is open, or never was one. */
static inline uint32_t sf_entry_closed(uint64_t entry)
{
	return sf_entry_place(entry) ? 0 : (uint32_t)(entry >> 32) & ~(UINT32_C(1) << 31);
}

static inline uint64_t sf_entry_grave(uint32_t socket)
{
	return SF_ENTRY_GRAVE | (uint64_t)socket << 32;
}

static inline uint64_t sf_entry(uint32_t place, uint32_t operations, uint32_t generation)
{
	return (uint64_t)generation << SF_GENERATION_SHIFT | SF_WATCH_RULES | (uint64_t)operations << 32 | place;
}

/* What these bits have in common with an entry is zero only where that is: no socket. Where it is equal to
 * sf_arena.watch[operation] no rule meets this operation on the descriptor, and nothing else watches it. */
#define SF_ENTRY_IDLE(operation)                                                                                       \
	(UINT64_C(0xff) << SF_GENERATION_SHIFT | SF_WATCH_RULES | UINT64_C(1) << (32 + (operation)))

static inline bool sf_fd_is_socket(int fd)
{
	return sf_entry_place(sf_fd_entry(fd)) != 0;
}

/* Its record; NULL: not a socket. */
static inline struct sf_socket *sf_fd_socket(int fd)
{
	return sf_entry_socket(sf_fd_entry(fd));
}

/* The index of its record; 0: not a socket. */
static inline uint32_t sf_fd_index(int fd)
{
	const struct sf_socket *socket = sf_fd_socket(fd);

	return socket ? socket->index : 0;
}

/* From now on fd is this socket (NULL: nothing of ours). What concerns it is settled at its next call. */
void sf_fd_raise_top(int fd);

static inline uint32_t sf_fd_place(const struct sf_socket *socket)
{
	return (uint32_t)((uint64_t)((const char *)socket - (const char *)sf_arena) / sizeof *socket);
}

/* fd is a number of the table. */
static inline void sf_fd_enter(int fd, uint32_t place)
{
	/* Generation 0 is never current: the entry is stale from birth, and settled when it is used. Released, for the
	 * record that it leads to was written just before. */
	atomic_store_explicit(&sf_fd_table.entries[(unsigned)fd], sf_entry(place, 0, 0), memory_order_release);
	if (sf_fd_is_beyond(fd))
		sf_fd_raise_top(fd);
}

static inline void sf_fd_set(int fd, const struct sf_socket *socket)
{
	if ((unsigned)fd >= SF_FDS)
		return;
	if (socket)
		sf_fd_enter(fd, sf_fd_place(socket));
	else
		atomic_store_explicit(&sf_fd_table.entries[fd], 0, memory_order_release);
}

/* What concerns it is settled anew at its next call; the entry is the socket's. */
static inline void sf_fd_unsettle(int fd, uint64_t entry)
{
	atomic_store_explicit(&sf_fd_table.entries[fd], sf_entry(sf_entry_place(entry), 0, 0), memory_order_release);
}

/* Closed by the program. */
void sf_fd_bury(int fd);

/* The number turned out to be in use again, by something that is no socket of ours. */
void sf_fd_reuse(int fd, uint64_t grave);

/* All descriptors from first to last (included) are gone. */
void sf_fd_drop_range(unsigned first, unsigned last);

/* Does any of them name a socket? */
bool sf_fd_any(unsigned first, unsigned last);

/* In a forked child: what its parent had closed is not its business. */
void sf_fd_forget_closed(void);

#endif
