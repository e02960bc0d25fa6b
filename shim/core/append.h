/* SPDX-License-Identifier: MIT
 *
 * append.h -- text into a fixed buffer, as snprintf would put it there: cut to fit, always ended by NUL where there is
 * room for one, and the length that was needed is kept. Exists because the library may not import stdio: no locale, no
 * allocation, safe before main and in signal handlers.
 */
#ifndef SF_CORE_APPEND_H
#define SF_CORE_APPEND_H

#include <stddef.h>
#include <stdint.h>

struct sf_append {
	char *buffer;
	size_t size;
	size_t used; /* bytes needed so far, may pass size */
};

static inline struct sf_append sf_append_to(char *buffer, size_t size)
{
	return (struct sf_append){buffer, size, 0};
}

void sf_append_bytes(struct sf_append *out, const char *bytes, size_t length);
void sf_append_text(struct sf_append *out, const char *text);
void sf_append_number(struct sf_append *out, uint64_t number);

/* Of printf: %s, %.*s, %c, %u, %llu and %%, without width or flags. */
void sf_append_format(struct sf_append *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sf_append_list(struct sf_append *out, const char *format, __builtin_va_list list);

/* Ends the text and gives the length that it needed. */
size_t sf_append_end(struct sf_append *out);

#endif
