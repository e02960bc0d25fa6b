/* SPDX-License-Identifier: MIT
 *
 * output.h -- buffered output to a descriptor, faster than stdio where lines are put together from small pieces.
 * Whoever reads may have gone away (a pager, head): then all further output is dropped in silence and `closed` says so.
 */
#ifndef SF_CLI_OUTPUT_H
#define SF_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SF_OUTPUT_SIZE (256 * 1024)

struct sf_output {
	int fd; /* -1: text is kept up to the size of the buffer, for tests */
	bool closed;
	size_t used;
	char buffer[SF_OUTPUT_SIZE];
};

/* Newly allocated, for this descriptor; free(3) ends it. Nothing is touched that is not used. */
struct sf_output *sf_output_new(int fd);

/* Writes out what is kept. */
void sf_output_flush(struct sf_output *out);

/* Pieces longer than the buffer are written out directly. */
void sf_put_slow(struct sf_output *out, const char *bytes, size_t length);

static inline void sf_put(struct sf_output *out, const char *bytes, size_t length)
{
	if (__builtin_expect(length > SF_OUTPUT_SIZE - out->used, 0)) {
		sf_put_slow(out, bytes, length);
		return;
	}
	memcpy(out->buffer + out->used, bytes, length);
	out->used += length;
}

static inline void sf_put_text(struct sf_output *out, const char *text)
{
	sf_put(out, text, strlen(text));
}

void sf_put_number(struct sf_output *out, uint64_t number);
void sf_put_signed(struct sf_output *out, int64_t number);

/* Hexadecimal, small letters, at least `digits` of them. */
void sf_put_hex(struct sf_output *out, uint64_t number, int digits);

/* Text that others wrote, for people: what would speak to a terminal (control characters but tabs), and what is no
 * UTF-8, becomes '?'. The program that is looked at may have written anything into its trace. */
void sf_make_plain(char *text, size_t length);
void sf_put_plain(struct sf_output *out, const char *text, size_t length);

/* A string of JSON with its quotes; bytes that are not UTF-8 become U+FFFD. */
void sf_put_json(struct sf_output *out, const char *text, size_t length);

#endif
