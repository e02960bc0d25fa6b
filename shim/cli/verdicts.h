/* SPDX-License-Identifier: MIT
 *
 * verdicts.h -- what was found out about a program, at some cost, and is asked again for each run of it.
 */
#ifndef SF_CLI_VERDICTS_H
#define SF_CLI_VERDICTS_H

#include <stdbool.h>

/* From now on verdicts are shared with the processes that this one forks. Before, each question is a new one. */
void sf_verdicts_share(void);
bool sf_verdicts_are_shared(void);

/* What find() says of this file, which it said already if the file is the same as then. */
bool sf_verdict(const char *path, bool (*find)(const char *path));

#endif
