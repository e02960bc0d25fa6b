/* SPDX-License-Identifier: MIT
 *
 * kept.h -- what had come over a connection before it ended. After a real RST a program still reads it; the kernel
 * drops it with the reset that we make. Before an end that we make the program reads what it has been shown, and no
 * more. So it is taken out before, and given to the program when it reads. It lies in the arena, for all processes that
 * share the socket; 64 KiB of it at most: what is beyond had not come yet.
 */
#ifndef SF_KEPT_H
#define SF_KEPT_H

#include "core/call.h"

/* Takes out what is queued; of it `most` bytes are kept, the rest counts as never having come. */
void sf_kept_take(int fd, struct sf_socket *socket, size_t most);

/* Something is kept: the call that receives gets it. True: the call is decided. */
bool sf_kept_read(struct sf_call *c);

/* Bytes that are kept. */
size_t sf_kept_length(struct sf_socket *socket);

#endif
