/* SPDX-License-Identifier: MIT
 *
 * batch.h -- what a subcommand knows of the batch that it is part of.
 */
#ifndef SF_CLI_BATCH_H
#define SF_CLI_BATCH_H

#include <stdbool.h>
#include <stdint.h>

/* In a request of `sockfault batch`: where the outcome of a run goes. -1: there is no batch. */
extern int sf_batch_outcome;

static inline bool sf_is_batched(void)
{
	return sf_batch_outcome >= 0;
}

/* What `find` says of this file, once for a batch: its requests are processes of their own, and ask the same again and
 * again. */
bool sf_batch_remember(const char *path, bool (*find)(const char *path));

#endif
