/* SPDX-License-Identifier: MIT
 *
 * bytes.h -- the bytes of a call, wherever its shape has them: as one header, copied out of and into the program's
 * memory, spoiled. A pointer that the kernel would refuse is found out by the kernel (EFAULT), never by a crash. Only
 * for calls to which a fault is being applied: these make system calls.
 */
#ifndef SF_BYTES_H
#define SF_BYTES_H

#include "core/call.h"

/* The program's own header of the (first) message, NULL where the call has none. */
struct msghdr *sf_bytes_theirs(const struct sf_call *c);

/* The request as one header, of several messages the first. `one` is room for a plain buffer. */
struct msghdr sf_bytes_header(const struct sf_call *c, struct iovec *one);

size_t sf_bytes_length(const struct msghdr *header);

/* Copies `length` bytes between the program's vector and ours. False: some of it can't be read or written. */
bool sf_bytes_gather(const struct msghdr *header, char *to, size_t length);
bool sf_bytes_scatter(const struct msghdr *header, const char *from, size_t length);

/* c->amount of the first `length` bytes, at places that c->random chooses, get another value. */
void sf_bytes_spoil(const struct sf_call *c, const struct iovec *iov, size_t count, size_t length);

#endif
