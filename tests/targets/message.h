/* SPDX-License-Identifier: MIT
 *
 * message.h -- the datagrams of the UDP programs: "ID SUM TEXT", the sum being over id and text. Both sides write
 * it; only the robust ones look at it.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "target.h"

#define MESSAGE_MAX 256

static inline unsigned message_sum(int id, const char *text)
{
	unsigned sum = (unsigned)id * 7;

	while (*text)
		sum = sum * 31 + (unsigned char)*text++;
	return sum & 0xffff;
}

static inline size_t message_write(char *to, int id, const char *text)
{
	return (size_t)snprintf(to, MESSAGE_MAX, "%02d %04x %s", id, message_sum(id, text), text);
}

/* The text of a message whose bytes were ended by NUL, and its id; NULL if it was damaged. */
static inline const char *message_read(const char *from, int *id)
{
	unsigned sum;
	int length = 0;

	if (sscanf(from, "%2d %4x %n", id, &sum, &length) != 2 || length != 8)
		return NULL;
	return sum == message_sum(*id, from + length) ? from + length : NULL;
}

#endif
