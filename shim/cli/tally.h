/* SPDX-License-Identifier: MIT
 *
 * tally.h -- counts the calls of a trace as a rule would count them that is aimed at one connection, listener or
 * thread: each call of the operation (or of the one function that only func= meets) to which the rule's actions apply,
 * without non-blocking calls that found nothing ready. So the ordinal that nth= needs is known for each call of a
 * trace. Every rule of the trace counts for itself. Memory is in proportion to sockets and threads times rules that
 * fired.
 */
#ifndef SF_CLI_TALLY_H
#define SF_CLI_TALLY_H

#include "cli/reader.h"

struct sf_tally;

/* What a call is counted within. */
enum sf_aim {
	SF_AIM_KEY,      /* its connection, from the moment in which that has its key */
	SF_AIM_LISTENER, /* its listener, from the moment in which it listens */
	SF_AIM_THREAD,   /* its thread: all calls there, whatever they are on */
};

struct sf_place {
	enum sf_aim aim;
	uint32_t subject;       /* index of the socket or of the thread */
	uint32_t nth;           /* from 1 */
	uint32_t nth_at_offset; /* among transfers that began at the same byte of the connection; 0: it is none */
};

/* Looks through the whole trace for rules that fired; the reader is at its beginning afterwards. */
struct sf_tally *sf_tally_begin(struct sf_reader *reader);
void sf_tally_end(struct sf_tally *tally);

/* Counts the next event of the trace, which must be given all and in order. False: rules do not count it. */
bool sf_tally_add(struct sf_tally *tally, const struct sf_seen *seen);

/* Where the event just counted stands among those that this rule counts. */
struct sf_place sf_tally_place(const struct sf_tally *tally, const struct sf_seen *seen, unsigned rule);

/* Calls so far in a thread that this rule would count with those of `func`. */
uint32_t sf_tally_in_thread(const struct sf_tally *tally, uint32_t thread, unsigned func, unsigned rule);

#endif
