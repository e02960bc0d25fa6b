/* SPDX-License-Identifier: MIT
 *
 * fact.c -- facts.def as a table, and the search in it. The groups below say which functions a row of facts.def is
 * about: a function that is added to calls.def joins a group here, or has no errno of its own.
 */
#include "core/fact.h"

#include <errno.h>
#include <netdb.h>

/* The bit of one function in word w of the set. */
#define F(w, name) (SF_FUNC_##name / 64 == (w) ? UINT64_C(1) << (SF_FUNC_##name % 64) : 0)

#define SOCKET(w) F(w, socket)
#define SOCKETPAIR(w) F(w, socketpair)
#define DUP(w) (F(w, dup) | F(w, pidfd_getfd))
#define DUP3(w) F(w, dup3)
#define DUPLICATING_ONTO(w) (F(w, dup2) | F(w, dup3))
#define DUPLICATING(w) (DUP(w) | DUPLICATING_ONTO(w))
#define BIND(w) F(w, bind)
#define LISTEN(w) F(w, listen)
#define ACCEPTING(w) (F(w, accept) | F(w, accept4))
#define CONNECT(w) F(w, connect)
#define SENDING_RIGHTS(w) (F(w, sendmsg) | F(w, sendmmsg))
#define SENDING_TO_AN_ADDRESS(w) (SENDING_RIGHTS(w) | F(w, sendto))
#define SENDING_ONLY_TO_SOCKETS(w) (SENDING_TO_AN_ADDRESS(w) | F(w, send))
#define PRINTING(w) (F(w, dprintf) | F(w, vdprintf) | F(w, __dprintf_chk) | F(w, __vdprintf_chk))
#define WRITING(w) (F(w, write) | F(w, writev) | F(w, pwritev2) | PRINTING(w))
#define SENDING(w) (SENDING_ONLY_TO_SOCKETS(w) | WRITING(w) | F(w, sendfile) | F(w, splice))
#define RECEIVING_ONLY_FROM_SOCKETS(w)                                                                                 \
	(F(w, recv) | F(w, recvfrom) | F(w, recvmsg) | F(w, recvmmsg) | F(w, __recv_chk) | F(w, __recvfrom_chk))
#define RECEIVING(w) (RECEIVING_ONLY_FROM_SOCKETS(w) | F(w, read) | F(w, readv) | F(w, preadv2) | F(w, __read_chk))
#define RECEIVING_PIECES(w) (F(w, recvmsg) | F(w, recvmmsg) | F(w, readv) | F(w, preadv2))
#define POLLING(w) (F(w, poll) | F(w, ppoll) | F(w, __poll_chk) | F(w, __ppoll_chk))
#define SELECTING(w) (F(w, select) | F(w, pselect))
#define POLLING_OR_SELECTING(w) (POLLING(w) | SELECTING(w))
#define EPOLLING(w) (F(w, epoll_wait) | F(w, epoll_pwait) | F(w, epoll_pwait2))
#define WAITING(w) (POLLING_OR_SELECTING(w) | EPOLLING(w))
#define EPOLL_CREATING(w) (F(w, epoll_create) | F(w, epoll_create1))
#define EPOLL_CTL(w) F(w, epoll_ctl)
#define SHUTDOWN(w) F(w, shutdown)
#define CLOSE(w) (F(w, close) | F(w, fclose))
#define FDOPEN(w) F(w, fdopen)
#define CLOSE_RANGE(w) F(w, close_range)
#define GETSOCKOPT(w) F(w, getsockopt)
#define SETSOCKOPT(w) F(w, setsockopt)
#define NAMING(w) (F(w, getsockname) | F(w, getpeername))
#define GETPEERNAME(w) F(w, getpeername)
#define SOCKATMARK(w) F(w, sockatmark)
#define GETADDRINFO(w) (F(w, getaddrinfo) | F(w, getaddrinfo_a))
#define GETHOST(w)                                                                                                     \
	(F(w, gethostbyname) | F(w, gethostbyname2) | F(w, gethostbyaddr) | F(w, gethostbyname_r) |                        \
	 F(w, gethostbyname2_r) | F(w, gethostbyaddr_r))
#define GETNAMEINFO(w) F(w, getnameinfo)

_Static_assert(SF_FUNC_WORDS == 2, "a row of facts.def fills two words of functions");

enum {
	TCP = SF_ON_TCP,
	UDP = SF_ON_UDP,
	RAW = SF_ON_RAW,
	INET = SF_ON_TCP | SF_ON_UDP | SF_ON_RAW,
	UNIX_STREAM = SF_ON_UNIX_STREAM,
	UNIX_DGRAM = SF_ON_UNIX_DGRAM,
	UNIX_SEQPACKET = SF_ON_UNIX_SEQPACKET,
	UNIX = UNIX_STREAM | UNIX_DGRAM | UNIX_SEQPACKET,
	ANY = SF_ON_ANY,

	BLOCKING = SF_BIT(SF_BLOCKING),
	NONBLOCKING = SF_BIT(SF_NONBLOCKING),
	TIMED = SF_BIT(SF_TIMEOUT),
	ANY_MODE = SF_BIT(SF_MODE_COUNT) - 1,
};

/* An EAI value is negative in the header, and positive in the table. */
#define POSITIVE(number) ((number) < 0 ? -(number) : (number))

/* The texts of all rows, one behind the other: a row of facts.def is told by its line. */
#define OF_ROW(text, line) OF_ROW_(text, line)
#define OF_ROW_(text, line) text##line

static const struct texts {
#define SF_FACT(functions, number_, on_, modes_, possible_, kind, when_text, next_text, after_text, man_text)          \
	char OF_ROW(class_, __LINE__)[sizeof(kind)];                                                                       \
	char OF_ROW(when_, __LINE__)[sizeof(when_text)];                                                                   \
	char OF_ROW(next_, __LINE__)[sizeof(next_text)];                                                                   \
	char OF_ROW(after_, __LINE__)[sizeof(after_text)];                                                                 \
	char OF_ROW(man_, __LINE__)[sizeof(man_text)];
#include "core/facts.def"
#undef SF_FACT
} texts = {
#define SF_FACT(functions, number_, on_, modes_, possible_, kind, when_text, next_text, after_text, man_text)          \
	kind, when_text, next_text, after_text, man_text,
#include "core/facts.def"
#undef SF_FACT
};

#define PLACE(text) offsetof(struct texts, OF_ROW(text, __LINE__))

const struct sf_fact sf_facts[] = {
#define SF_FACT(functions, number_, on_, modes_, possible_, kind, when_text, next_text, after_text, man_text)          \
	{.funcs = {functions(0), functions(1)},                                                                            \
	 .number = POSITIVE(number_),                                                                                      \
	 .on = (uint8_t)(on_),                                                                                             \
	 .modes = (uint8_t)(modes_),                                                                                       \
	 .possible = SF_POSSIBLE_##possible_,                                                                              \
	 .class_ = PLACE(class_),                                                                                          \
	 .when = PLACE(when_),                                                                                             \
	 .next = PLACE(next_),                                                                                             \
	 .after = PLACE(after_),                                                                                           \
	 .man = PLACE(man_)},
#include "core/facts.def"
#undef SF_FACT
};

const char *sf_fact_text(uint32_t text)
{
	return (const char *)&texts + text;
}

const size_t sf_fact_count = sizeof sf_facts / sizeof sf_facts[0];

const char *const sf_possible_words[SF_POSSIBLE_COUNT] = {"no", "arguments", "posix", "cond", "yes"};

const char *const sf_on_words[SF_ON_COUNT] = {"tcp", "udp", "unix-stream", "unix-dgram", "unix-seqpacket", "raw"};

uint8_t sf_on(enum sf_family family, enum sf_type type)
{
	if (family == SF_UNIX)
		return type == SF_STREAM      ? SF_ON_UNIX_STREAM
		       : type == SF_DGRAM     ? SF_ON_UNIX_DGRAM
		       : type == SF_SEQPACKET ? SF_ON_UNIX_SEQPACKET
		                              : SF_ON_RAW;
	if (family == SF_INET || family == SF_INET6)
		return type == SF_STREAM ? SF_ON_TCP : type == SF_DGRAM ? SF_ON_UDP : SF_ON_RAW;
	return SF_ON_RAW;
}

const struct sf_fact *sf_fact_find(unsigned func, int number, uint8_t on, uint8_t modes)
{
	const struct sf_fact *best = NULL;

	for (size_t i = 0; i < sf_fact_count; i++) {
		const struct sf_fact *fact = &sf_facts[i];

		if (fact->number != number || !(fact->funcs[func / 64] >> (func % 64) & 1))
			continue;
		if (!(fact->on & on) || !(fact->modes & modes))
			continue;
		if (!best || fact->possible > best->possible)
			best = fact;
	}
	return best;
}
