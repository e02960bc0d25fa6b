/* SPDX-License-Identifier: MIT
 *
 * reader.h -- a trace, read: the events of all threads as one sequence in the order of their stamps, with what belongs
 * to them. The file may still be growing, come from a run that was killed, be cut off, or be hostile: each index,
 * offset and text is checked, and what is out of bounds reads as "none". Memory is in proportion to threads and pages,
 * not events.
 *
 *     const char *why;
 *     struct sf_reader *reader = sf_reader_open(path, &why);        NULL: why, in words
 *     struct sf_seen seen;
 *     while (sf_reader_next(reader, &seen)) ...
 *     sf_reader_close(reader);
 *
 * The events of a thread are nearly ordered: a signal handler's may stand before the one that it interrupted. A few of
 * each thread are looked at ahead, so that the sequence is ordered all the same.
 */
#ifndef SF_CLI_READER_H
#define SF_CLI_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

/* What became of a call. */
enum sf_fate {
	SF_FATE_DONE,
	SF_FATE_PENDING, /* entered and never returned, as far as is known: this is where a hung program hangs */
	SF_FATE_KILLED,  /* a signal ended its process meanwhile, or it vanished */
};

extern const char *const sf_fate_words[3];

/* One event: a copy, so that a living run can't change it while it is looked at. Its enums but `what` are within
 * bounds. */
struct sf_seen {
	uint64_t seq; /* from 1, in the order of the stamps */
	struct sf_event event;
	uint32_t thread, process; /* indices */
	uint32_t page, slot;
	enum sf_fate fate;
	const char *program; /* that the process was running then: SF_PROGRAM_SIZE bytes, which may lack the final NUL;
	                      * NULL: not known. The reader's, until the process loads another. */
};

#define SF_PROGRAM_SIZE sizeof(((struct sf_process *)0)->program)

struct sf_reader;

/* NULL and *why if it can't be read as a trace. */
struct sf_reader *sf_reader_open(const char *path, const char **why);

/* The same over memory that the caller keeps (8-byte aligned), for tests. */
struct sf_reader *sf_reader_over(const void *memory, uint64_t size, const char **why);
void sf_reader_close(struct sf_reader *reader);

/* The next event; false: there is none (for now, after sf_reader_follow()). */
bool sf_reader_next(struct sf_reader *reader, struct sf_seen *seen);

/* From the first event again, with the same numbers as before. */
void sf_reader_rewind(struct sf_reader *reader);

/* Before the first event: a slot that was claimed but not yet filled is waited for, as long as its process lives, and
 * sf_reader_next() may go on after it has said false, once sf_reader_refresh() has looked at the file again. */
void sf_reader_follow(struct sf_reader *reader);
void sf_reader_refresh(struct sf_reader *reader);

/* Stamp of the last event of a thread, 0: it has none. */
uint64_t sf_reader_last_stamp(const struct sf_reader *reader, uint32_t thread);

/* Looks again at an event that was pending: true, with the event as it is now, if it is not any more. */
bool sf_reader_again(struct sf_reader *reader, struct sf_seen *seen);

/* Does the command live, or a process of the run? */
bool sf_reader_has_living(const struct sf_reader *reader);

/* Can no event follow? The run has ended, or no process of it lives. From then on nothing is waited for: refresh once
 * more and read the rest. */
bool sf_reader_is_over(struct sf_reader *reader);

/* The header. Its offsets are unchecked: use the functions here. */
const struct sf_arena *sf_reader_arena(const struct sf_reader *reader);

/* Does the file have these bytes? */
bool sf_reader_holds(const struct sf_reader *reader, uint64_t offset, uint64_t length);

/* Records by index; NULL for 0 and for what the file does not have. Their texts may lack the final NUL. */
const struct sf_process *sf_reader_process(const struct sf_reader *reader, uint32_t index);
const struct sf_thread *sf_reader_thread(const struct sf_reader *reader, uint32_t index);
const struct sf_socket *sf_reader_socket(const struct sf_reader *reader, uint32_t index);
const struct sf_site *sf_reader_site(const struct sf_reader *reader, uint32_t index);
const struct sf_object *sf_reader_object(const struct sf_reader *reader, uint32_t index);

/* Records of a table that the file can have: a bound for loops from 1. */
uint32_t sf_reader_count(const struct sf_reader *reader, enum sf_table_name table);

/* The rules of the run, NULL if there are none or they lie outside of the file. Only rules[0 .. count - 1] are there.
 */
const struct sf_ruleset *sf_reader_rules(const struct sf_reader *reader);

/* What the extension records of this kind hold for an event, its parts put together; bytes written, 0: there is none.
 */
size_t sf_reader_extension(
    const struct sf_reader *reader, const struct sf_seen *seen, enum sf_extension_kind kind, void *buffer, size_t size);

/* All of them in one pass: each kind's content goes where its buffer says (to NULL: it is left out). `used` is added
 * to: 0 before. */
struct sf_extension_buffer {
	void *to;
	size_t size, used;
};
void sf_reader_extensions(
    const struct sf_reader *reader, const struct sf_seen *seen, struct sf_extension_buffer buffers[SF_EXTENSION_COUNT]);

/* What an event that is done returned. Of an exit by exit(3), which does not know its status yet, it is what the
 * process's record says. False: it is not known. */
bool sf_reader_result(const struct sf_reader *reader, const struct sf_seen *seen, int64_t *ret);

/* Room for all that one event can have of one kind. */
#define SF_EXTENSION_ROOM (255 * 112)

/* "client+0x1a2f", cut to fit; "" if it is not known. Length as snprintf. */
size_t sf_reader_place(const struct sf_reader *reader, uint32_t site, char *buffer, size_t size);

/* "127.0.0.1:8080", "[::1]:443", "unix:/run/x", "unix:@name"; "" if it is not known. Length as snprintf. */
size_t sf_endpoint_print(const struct sf_endpoint *endpoint, char *buffer, size_t size);

/* Is the operating system still running this process? */
bool sf_process_lives(const struct sf_process *process);

#endif
