/* SPDX-License-Identifier: MIT
 *
 * words.h -- the numbers of an event in words: operation, flags, options, readiness, the fault. For trace lines, JSON
 * and all that shows events to people.
 */
#ifndef SF_CLI_WORDS_H
#define SF_CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

/* Is it a call (else a lifecycle event, or nothing that this build knows)? */
static inline bool sf_event_is_call(const struct sf_event *event)
{
	return event->what < SF_FUNC_COUNT;
}

/* "send" of a call, "fork" of a lifecycle event, "unknown". */
const char *sf_event_operation(const struct sf_event *event);

/* The operation of a call; SF_OPERATION_COUNT of a lifecycle event. */
enum sf_operation sf_event_operation_of(const struct sf_event *event);

/* "ECONNRESET", "EAI_AGAIN"; "123" where it has no name (then `scratch` holds it); NULL: there was no error. */
const char *sf_event_error(const struct sf_event *event, char scratch[12]);

/* The n-th flag, from 0, of a call: "MSG_PEEK", "SHUT_WR", "SOL_SOCKET" and "SO_ERROR", the signal of a signal event;
 * bits without a name as "0x..." in scratch. NULL: no more. */
const char *sf_event_flag(const struct sf_event *event, unsigned n, char scratch[12]);

/* The n-th bit, from 0, of POLL or EPOLL bits: POLLIN is "IN". NULL: no more. */
const char *sf_poll_bit(uint32_t bits, unsigned n);

/* "before", "in a row": the program had closed this number; NULL: it had not. */
const char *sf_closed_word(uint8_t closed);

/* Of a send: "on", "again", "other"; NULL: it can't be told. */
const char *sf_follows_word(uint8_t follows);

/* "short 100": the fault that decided, with what was picked; "" if there was none. As snprintf. */
size_t sf_event_fault(const struct sf_event *event, char *buffer, size_t size);

/* "delay 100ms": what shaped the call; "" if nothing did. As snprintf. */
size_t sf_event_shaped(const struct sf_event *event, char *buffer, size_t size);

#endif
