/* SPDX-License-Identifier: MIT
 *
 * batch.h -- what a subcommand knows of the batch that it is part of.
 */
#ifndef SF_CLI_BATCH_H
#define SF_CLI_BATCH_H

#include <stdbool.h>

/* In a request of `sockfault batch`: where the outcome of a run goes. -1: there is no batch. */
extern int sf_batch_outcome;

static inline bool sf_is_batched(void)
{
	return sf_batch_outcome >= 0;
}

#endif
