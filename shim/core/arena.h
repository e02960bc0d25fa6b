/* SPDX-License-Identifier: MIT
 *
 * arena.h -- the one file that the command and all processes of a run share: header, rules, counters, processes,
 * threads, sockets, code sites and events. Mapped MAP_SHARED, so that it outlives any of them, SIGKILL included.
 *
 *   page 0..      struct sf_arena (the header)
 *   then          the ruleset, its counters and groups, once for each load of rules
 *   then          pages of 64 KiB, handed out by adding to pages_used and never given back: records of a table
 * (processes, threads, sockets, sites, objects), heap (counters of scopes, matches), or events of one thread
 *
 * Only pages below pages_ready may be touched: their blocks are allocated on disk, so that a full disk can't kill a
 * target. Who grows the file: the command, ahead of use; a run without the command keeps what it was created with.
 * Everything is append-only and reached by index or offset, never by pointer. Readers need no lock: a record counts
 * from the moment in which its state (or index) was stored with release. Index 0 of every table means "none". Functions
 * here touch memory alone: safe in threads, in signal handlers and between fork and exec.
 */
#ifndef SF_CORE_ARENA_H
#define SF_CORE_ARENA_H

#include "core/layout.h"

/* ---- making and checking ---- */

/* Pages that the header takes. */
#define SF_HEADER_PAGES ((uint32_t)((sizeof(struct sf_arena) + SF_PAGE_SIZE - 1) / SF_PAGE_SIZE))

/* Formats zeroed memory of pages_ready pages at base as an arena that may grow to size bytes. The rest of the header's
 * "written once" part is the creator's. */
void sf_arena_format(struct sf_arena *arena, uint64_t size, uint32_t pages_ready);

/* NULL if these length bytes are an arena that this build can use; else why not, in words for a person. */
const char *sf_arena_refuse(const struct sf_arena *arena, uint64_t length);

/* Bytes that a set takes in the arena. */
uint64_t sf_arena_room_for(const struct sf_ruleset *set);

/* Copies a finished ruleset in (pages are taken for it and its counters), makes it the current one and sets the
 * watches. False: no room. */
bool sf_arena_load(struct sf_arena *arena, const struct sf_ruleset *set);

/* Are the current rules those of this set? All of its size is within reach. */
bool sf_arena_holds(const struct sf_arena *arena, const struct sf_ruleset *set);

/* Sets watch[] from the current rules, the trace level and paused. Keeps SF_WATCH_MEND. */
void sf_arena_watch(struct sf_arena *arena);

/* A word that others write, compared where it lies: of an atomic load gcc makes an instruction of its own. */
#define SF_NOW(type, place) (*(const type *)(uintptr_t) & (place))

static inline void *sf_arena_at(const struct sf_arena *arena, uint64_t offset)
{
	return (char *)(uintptr_t)arena + offset;
}

/* Bytes from the beginning that this process has mapped, where it has less than the file may grow to (RLIMIT_AS).
 * Nothing beyond is handed out here, and what others put there does not exist here. */
extern uint64_t sf_arena_reach __attribute__((visibility("hidden")));

/* From now on no more than so many bytes are in reach, but for what has been handed out to anybody. How many it was
 * before; sf_arena_reach has what it is. */
uint64_t sf_arena_yield(struct sf_arena *arena, uint64_t reach);

/* A piece of the heap by its offset; NULL for 0 and for what lies out of reach. */
static inline void *sf_arena_piece(const struct sf_arena *arena, uint64_t offset)
{
	return offset && offset / SF_PAGE_SIZE < sf_arena_reach / SF_PAGE_SIZE ? sf_arena_at(arena, offset) : NULL;
}

/* The counters of a set that was loaded lie behind it. */
static inline struct sf_counter *sf_ruleset_counter(const struct sf_ruleset *set, unsigned rule)
{
	uint64_t before = (sf_ruleset_size(set) + 63) & ~UINT64_C(63);

	return (struct sf_counter *)(void *)((char *)(uintptr_t)set + before) + rule;
}

/* NULL before the first load, and where they lie out of reach. */
static inline const struct sf_ruleset *sf_arena_rules(const struct sf_arena *arena)
{
	uint64_t at = atomic_load_explicit(&arena->ruleset_at, memory_order_acquire);
	const struct sf_ruleset *set = sf_arena_piece(arena, at);

	return set && (uint64_t)((const char *)sf_ruleset_counter(set, set->count) - (const char *)arena) <= sf_arena_reach
	           ? set
	           : NULL;
}

/* Tells a set from those before and after it. */
static inline uint32_t sf_ruleset_page(const struct sf_arena *arena, const struct sf_ruleset *set)
{
	return (uint32_t)(((uintptr_t)set - (uintptr_t)arena) / SF_PAGE_SIZE);
}

static inline struct sf_counter *sf_arena_counter(const struct sf_arena *arena, unsigned rule)
{
	return (struct sf_counter *)sf_arena_at(arena, atomic_load_explicit(&arena->counters_at, memory_order_relaxed)) +
	       rule;
}

/* `count` adjoining pages; the first one's number, or 0. */
uint32_t sf_arena_pages(struct sf_arena *arena, uint32_t count);

/* A zeroed piece of the heap, 8-byte aligned; its offset, or 0. size at most 64 KiB. */
uint64_t sf_arena_heap(struct sf_arena *arena, uint64_t size);

/* An index that was given out and its record: that index, or 0 where there is no room (counted as lost). */
uint32_t sf_arena_room(struct sf_arena *arena, enum sf_table_name table, uint32_t index);

/* A new zeroed record: its index, or 0 (counted as lost). */
uint32_t sf_arena_new(struct sf_arena *arena, enum sf_table_name table);

/* Indices given, and no more than there is room for: a program may have written anything there. */
uint32_t sf_arena_count(const struct sf_arena *arena, enum sf_table_name table);

/* The record of an index; NULL for 0 or an index without a page. */
void *sf_arena_record(const struct sf_arena *arena, enum sf_table_name table, uint32_t index);

static inline struct sf_process *sf_process_at(const struct sf_arena *arena, uint32_t index)
{
	return sf_arena_record(arena, SF_PROCESSES, index);
}
static inline struct sf_thread *sf_thread_at(const struct sf_arena *arena, uint32_t index)
{
	return sf_arena_record(arena, SF_THREADS, index);
}
/* No call of the socket is quick any more (respite.h), until it is found out anew which are. */
static inline void sf_quick_end(struct sf_socket *socket)
{
	for (int i = 0; i < 2; i++)
		__atomic_store_n(&socket->quick[i].func, SF_NO_QUICK, __ATOMIC_RELAXED);
}

/* Whatever came of such a call, its socket is looked at. Who finds no limit must not take an errno of before for the
 * call's: so that goes first. */
static inline void sf_quick_look(struct sf_quick *quick)
{
	__atomic_store_n(&quick->again, SF_LOOK_AGAIN, __ATOMIC_SEQ_CST);
	__atomic_store_n(&quick->limit, 0, __ATOMIC_SEQ_CST);
}

/* From now on what follows a fault is to be seen to after each call, also those that are under way. */
static inline void sf_socket_enter_state(struct sf_socket *socket, enum sf_socket_state state)
{
	atomic_store(&socket->state, state);
	for (int i = 0; i < 2; i++)
		sf_quick_look(&socket->quick[i]);
}

/* After a change of what transfers wait for: which of them may go the short way. */
static inline void sf_socket_settle(struct sf_socket *socket)
{
	uint8_t mode = socket->nonblocking ? SF_NONBLOCKING : SF_BLOCKING;

	sf_quick_end(socket);

	if (socket->type != SF_STREAM)
		return;
	socket->send_mode = mode;
	socket->receive_mode = mode;
	if (mode == SF_BLOCKING && socket->receive_timeout)
		socket->receive_mode = SF_TIMEOUT;
	if (mode == SF_BLOCKING && socket->send_timeout)
		socket->send_mode = SF_TIMEOUT;
	if (atomic_load_explicit(&socket->outstanding_at, memory_order_relaxed))
		socket->send_mode = 0;
}

/* As sf_arena_record, in a few instructions: each call asks. */
static inline struct sf_socket *sf_socket_at(const struct sf_arena *arena, uint32_t index)
{
	enum { PER_PAGE = SF_PAGE_SIZE / sizeof(struct sf_socket) };
	uint32_t place = (index - 1) / PER_PAGE;

	if (place >= SF_DIRECTORY_SOCKETS) /* so is 0 */
		return NULL;
	const _Atomic uint32_t *pages = arena->directories + SF_DIRECTORY_PROCESSES + SF_DIRECTORY_THREADS;
	uint64_t page = atomic_load_explicit(&pages[place], memory_order_acquire);

	if (page == 0 || page >= sf_arena_reach / SF_PAGE_SIZE)
		return NULL;
	return (struct sf_socket *)sf_arena_at(arena, page * SF_PAGE_SIZE) + (index - 1) % PER_PAGE;
}
static inline struct sf_site *sf_site_at(const struct sf_arena *arena, uint32_t index)
{
	return sf_arena_record(arena, SF_SITES, index);
}
static inline struct sf_object *sf_object_at(const struct sf_arena *arena, uint32_t index)
{
	return sf_arena_record(arena, SF_OBJECTS, index);
}
static inline struct sf_event_page *sf_event_page_at(const struct sf_arena *arena, uint32_t page)
{
	return page ? sf_arena_at(arena, page * SF_PAGE_SIZE) : NULL;
}
static inline struct sf_event *sf_event_at(const struct sf_arena *arena, uint32_t page, uint32_t slot)
{
	return (struct sf_event *)sf_event_page_at(arena, page) + slot;
}

/* Index of the newest record of this pid that has not exited, 0: none. */
uint32_t sf_process_find(const struct sf_arena *arena, uint32_t pid);

/* A new process: number, lineage and state AWAITED. `thread` is the index of the thread that makes it (0: by process
 * alone, for spawn and orphans) and `nth` says that it is that thread's n-th child (0: the next one). Index or 0. */
uint32_t sf_process_new(struct sf_arena *arena, uint32_t parent, uint32_t thread, uint32_t nth, uint32_t pid);

/* A new thread of a process; `creator` is the index of the thread that made it, 0 for the main thread. Index or 0. */
uint32_t sf_thread_new(struct sf_arena *arena, uint32_t process, uint32_t creator, uint32_t tid);

/* Gives a socket its key by the thread that makes the connection (index and record), and its run-wide number, unless it
 * has them. */
static inline void
sf_socket_name(struct sf_arena *arena, struct sf_socket *socket, uint32_t thread, struct sf_thread *owner)
{
	uint32_t none = 0;

	if (atomic_load_explicit(&socket->has_key, memory_order_relaxed) || !owner ||
	    !atomic_compare_exchange_strong_explicit(
	        &socket->has_key, &none, 1, memory_order_relaxed, memory_order_relaxed))
		return;
	/* Programs wake themselves through pairs: those are no connections, and would hide what conn=1 means. */
	if (!socket->domestic)
		atomic_store_explicit(
		    &socket->conn, atomic_fetch_add_explicit(&arena->conn_count, 1, memory_order_relaxed) + 1,
		    memory_order_relaxed);
	socket->nth = atomic_fetch_add_explicit(&owner->conns, 1, memory_order_relaxed) + 1;
	socket->thread = thread;
	socket->process = owner->process;
}

/* What stands for its key in every random choice: sf_key_hash(). 0: it has none. */
uint64_t sf_socket_hash(const struct sf_arena *arena, const struct sf_socket *socket);

/* Its key as rules and events write it, "1.3:2"; empty where it has none. `owner` is the record of socket->thread.
 * Gives `text` back. */
#define SF_KEY_SIZE 64
const char *sf_socket_key(const struct sf_thread *owner, const struct sf_socket *socket, char *text);

/* Hash of a lineage, as key= compares it, and of a key "LINEAGE:N". */
uint64_t sf_lineage_hash(const char *text, size_t length);
uint64_t sf_key_hash(uint64_t lineage_hash, uint64_t n);

/* Stamp to nanoseconds since the start of the run. */
uint64_t sf_arena_ns(const struct sf_arena *arena, uint64_t stamp);
/* Ticks to nanoseconds. */
uint64_t sf_arena_duration(const struct sf_arena *arena, uint64_t ticks);

/* FNV-1a, 64 bits. */
uint64_t sf_digest(const void *bytes, size_t length);
/* The same of bytes that come in pieces: sf_digest(NULL, 0) is what it begins with. */
uint64_t sf_digest_more(uint64_t digest, const void *bytes, size_t length);

#endif
