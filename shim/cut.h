/* SPDX-License-Identifier: MIT
 *
 * cut.h -- makes the request of a call as short as c->len. The request is shrunk, never the result (law 7): what is not
 * asked for stays where it is. The program's own vectors and headers are never written to.
 */
#ifndef SF_CUT_H
#define SF_CUT_H

#include "core/call.h"

/* Points iov, msg or mmsg at a shorter request. Beyond SF_CUT_MAX pieces the cut falls on the end of a piece. */
void sf_cut(struct sf_call *c);

/* After the real call: what the kernel wrote into the copied header goes to the program's. */
void sf_cut_restore(struct sf_call *c);

#endif
