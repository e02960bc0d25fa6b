/* SPDX-License-Identifier: MIT
 *
 * made_trace.h -- traces made by hand, in memory, for tests of what reads traces. Written with the functions of
 * core/arena.h, so that they are laid out as the library lays them out. Stamps are nanoseconds.
 */
#ifndef SF_TESTS_MADE_TRACE_H
#define SF_TESTS_MADE_TRACE_H

#include "core/arena.h"

struct made_trace {
	struct sf_arena *arena;
	uint64_t size;
};

/* An empty trace of so many pages, all ready. */
struct made_trace made_trace(uint32_t pages);
void made_trace_free(struct made_trace *trace);

/* A process that exited with status 0, and its main thread; the index of the thread. */
uint32_t made_process(struct made_trace *trace, uint32_t pid, const char *program);

/* One more thread of the process of this thread. */
uint32_t made_thread(struct made_trace *trace, uint32_t creator, uint32_t tid);

/* A TCP connection of this thread to 127.0.0.1:port, with number and key. */
uint32_t made_socket(struct made_trace *trace, uint32_t thread, uint16_t port);

/* The next slot of a thread's pages, empty. */
struct sf_event *made_slot(struct made_trace *trace, uint32_t thread);

/* A call that is done: ret as given, descriptor 5. The caller may change it. */
struct sf_event *made_event(struct made_trace *trace, uint32_t thread, unsigned what, uint64_t stamp, int64_t ret);

/* An extension record of the event, in the next slot of its thread: its next part, of at most 112 bytes. */
void made_extension(
    struct made_trace *trace, uint32_t thread, struct sf_event *event, enum sf_extension_kind kind, const void *content,
    size_t length);

/* Writes the trace to a file. */
void made_trace_save(const struct made_trace *trace, const char *path);

#endif
