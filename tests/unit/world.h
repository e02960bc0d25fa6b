/* SPDX-License-Identifier: MIT
 *
 * world.h -- what the gate would know, for tests of what decides: an arena in memory with rules, a process, its threads
 * and their connections, and answers to give where the gate would ask the kernel.
 */
#ifndef SF_TESTS_WORLD_H
#define SF_TESTS_WORLD_H

#include "core/decide.h"
#include "made_trace.h"

struct world {
	struct made_trace trace;
	struct sf_arena *arena;
	uint32_t process, thread; /* indices; the thread is the main one */
};

/* What the next calls are told. */
struct world_says {
	uint64_t now_ns;
	const char *thread_name;
	enum sf_realism confirmed;
	bool ready;
	bool is_stranger; /* the call is on another socket than its number was */
	bool dawdles;     /* another thread may come between the question and the answer */
};
extern struct world_says world_says;

/* A world with these rules, all of them good, and one process. Both kinds of realism are allowed. */
struct world world_with(const char *rules);
void world_end(struct world *world);

/* A stream connection of this thread to 127.0.0.1:port, named and met with the rules. */
struct sf_socket *world_connection(struct world *world, uint32_t thread, uint16_t port);

/* A socket that nobody has named yet. */
struct sf_socket *world_socket(struct world *world, enum sf_family family, enum sf_type type, enum sf_side side);

/* A call of so many bytes (zeroes, at most 4096), blocking. socket NULL: a call without one. */
struct sf_call world_call(enum sf_func func, struct sf_socket *socket, size_t asked);

/* What sf_decide() and its kin say of this call of the main thread, or of another one. */
struct sf_decision world_decides(const struct world *world, struct sf_call *call);
struct sf_decision world_decides_in(const struct world *world, uint32_t thread, struct sf_call *call);
uint64_t world_keeps_silent(const struct world *world, const struct sf_call *call);
void world_undoes(const struct world *world, struct sf_call *call);
void world_gives_back(const struct world *world, const struct sf_call *call, unsigned rule);
void world_refuses(const struct world *world, struct sf_call *call, unsigned rule);

/* Is a call like this decided? The call itself stays as it is. */
bool world_fires(const struct world *world, const struct sf_call *call);

/* A plain call of a stream: was it let through? False: it has to be asked about. */
bool world_rests(const struct world *world, const struct sf_call *call, bool finds_nothing);
/* After one that was asked about: what those after it have. */
void world_grants(const struct world *world, const struct sf_call *call);

/* Bit n-1 for each of the next `calls` calls like this one that is decided. */
uint64_t world_pattern(const struct world *world, const struct sf_call *call, unsigned calls);

#endif
