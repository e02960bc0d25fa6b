/* SPDX-License-Identifier: MIT
 *
 * operation.h -- the vocabulary: operations (what rules name), functions (the libc names behind them), and the words
 * for families, types, sides, modes and realism. Tables only; every printed word of these comes from here. Operations
 * are those of sockfault-scenario(5), "Calls"; names of functions come from calls.def.
 */
#ifndef SF_CORE_OPERATION_H
#define SF_CORE_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first SF_OPERATION_RULED are the words of the scenario language; PROCESS is only traced. */
#define SF_OPERATIONS(X)                                                                                               \
	X(SOCKET, socket)                                                                                                  \
	X(BIND, bind)                                                                                                      \
	X(LISTEN, listen)                                                                                                  \
	X(CONNECT, connect)                                                                                                \
	X(ACCEPT, accept)                                                                                                  \
	X(SEND, send)                                                                                                      \
	X(RECV, recv)                                                                                                      \
	X(POLL, poll)                                                                                                      \
	X(SHUTDOWN, shutdown)                                                                                              \
	X(CLOSE, close)                                                                                                    \
	X(SOCKOPT, sockopt)                                                                                                \
	X(RESOLVE, resolve)                                                                                                \
	X(PROCESS, process)

enum sf_operation {
#define X(NAME, word) SF_##NAME,
	SF_OPERATIONS(X)
#undef X
	    SF_OPERATION_COUNT
};

#define SF_OPERATION_RULED SF_PROCESS
#define SF_BIT(n) (UINT32_C(1) << (n))
#define SF_ANY_OPERATION (SF_BIT(SF_OPERATION_RULED) - 1)

enum sf_func {
#define SF_CALL(name, operation, presence) SF_FUNC_##name,
#define SF_NAMED SF_CALL
#define SF_ALIAS(name, of)
#include "core/calls.def"
#undef SF_CALL
#undef SF_NAMED
#undef SF_ALIAS
	SF_FUNC_COUNT
};

#define SF_FUNC_WORDS ((SF_FUNC_COUNT + 63) / 64)

struct sf_func_row {
	char name[20]; /* not a pointer: the loader would have to put each right in each program that starts */
	uint8_t operation;
	bool by_name_only; /* met only by rules that say func= */
	bool required;
};

extern const struct sf_func_row sf_func_rows[SF_FUNC_COUNT];
extern const char *const sf_operation_words[SF_OPERATION_COUNT];

/* An alias counts as the function that it names. -1 if there is none of this name. */
int sf_func_find(const char *name, size_t length);
int sf_operation_find(const char *word, size_t length);

/* Rows of SF_ALIAS, for `list functions` and the checks: {alias, name it stands for}; ends with {NULL, NULL}. */
extern const char *const sf_aliases[][2];

enum sf_family { SF_FAMILY_OTHER, SF_INET, SF_INET6, SF_UNIX, SF_FAMILY_COUNT };
enum sf_type { SF_TYPE_OTHER, SF_STREAM, SF_DGRAM, SF_SEQPACKET, SF_TYPE_COUNT };
enum sf_side { SF_SIDE_NONE, SF_CLIENT, SF_SERVER, SF_LISTENER, SF_SIDE_COUNT };
enum sf_mode { SF_MODE_UNKNOWN, SF_BLOCKING, SF_NONBLOCKING, SF_TIMEOUT, SF_MODE_COUNT };

/* Ordered: the worse one wins where two meet. */
enum sf_realism { SF_REALISM_NONE, SF_KERNEL, SF_POSIX, SF_FAKE, SF_REALISM_COUNT };

/* Words by the enums above; the first of each but realism is printed as "other", "none" or "unknown" and never read. */
extern const char *const sf_family_words[SF_FAMILY_COUNT];
extern const char *const sf_type_words[SF_TYPE_COUNT];
extern const char *const sf_side_words[SF_SIDE_COUNT];
extern const char *const sf_mode_words[SF_MODE_COUNT];
extern const char *const sf_realism_words[SF_REALISM_COUNT];

#endif
