/* SPDX-License-Identifier: MIT
 *
 * fact.h -- which errno which call can give on which socket: the table facts.def, measured on Linux and read in POSIX.
 * `fail` obeys it, `check` refuses by it, `list errnos` prints it, sweeps plan by it.
 */
#ifndef SF_CORE_FACT_H
#define SF_CORE_FACT_H

#include "core/operation.h"

/* How an errno can come about, as errnos.tsv has it. */
enum sf_possible {
	SF_POSSIBLE_NO,        /* neither Linux nor POSIX: refused, or not applicable */
	SF_POSSIBLE_ARGUMENTS, /* only a wrong argument brings it about: fail refuses, fake does it */
	SF_POSSIBLE_POSIX,     /* POSIX or another Unix */
	SF_POSSIBLE_COND,      /* Linux, under a condition */
	SF_POSSIBLE_YES,       /* Linux */
	SF_POSSIBLE_COUNT
};
extern const char *const sf_possible_words[SF_POSSIBLE_COUNT];

/* Sockets that a row is about: bits. TCP is inet and inet6 stream. */
enum {
	SF_ON_TCP = 1,
	SF_ON_UDP = 2,
	SF_ON_UNIX_STREAM = 4,
	SF_ON_UNIX_DGRAM = 8,
	SF_ON_UNIX_SEQPACKET = 16,
	SF_ON_RAW = 32,
	SF_ON_ANY = 63,
	SF_ON_COUNT = 6,
};
extern const char *const sf_on_words[SF_ON_COUNT]; /* by number of the bit: "tcp", "unix-dgram" */

struct sf_fact {
	uint64_t funcs[SF_FUNC_WORDS];
	int number;       /* errno, or the positive EAI value for resolve */
	uint8_t on;       /* SF_ON_ bits */
	uint8_t modes;    /* SF_BIT(enum sf_mode) */
	uint8_t possible; /* enum sf_possible */
	/* Texts, for sf_fact_text(). Pointers would be put right by the loader, all of them, in each program that starts.
	 */
	uint32_t class_; /* transient, terminal, resource, config, programming */
	uint32_t when;   /* the condition, for people */
	uint32_t next;   /* what a right program does then */
	uint32_t after;  /* the state afterwards */
	uint32_t man;    /* page and section */
};

const char *sf_fact_text(uint32_t text);

extern const struct sf_fact sf_facts[];
extern const size_t sf_fact_count;

/* SF_ON_ bit of a socket. */
uint8_t sf_on(enum sf_family family, enum sf_type type);

/* Best row for this very call; NULL if the table has none (then: not possible). `on` and `modes` may have several bits,
 * for a rule that leaves them open; the most possible row wins. */
const struct sf_fact *sf_fact_find(unsigned func, int number, uint8_t on, uint8_t modes);

#endif
