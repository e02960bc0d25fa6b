/* SPDX-License-Identifier: MIT
 *
 * frames.h -- from a name to the snippet of that name: the list is made by tests/snippets/snippets.mk.
 */
#ifndef FRAMES_H
#define FRAMES_H

#ifdef __cplusplus
extern "C" {
#endif

/* Runs it; exits with 97 if there is none of this name. */
int frame_run(const char *name);

/* Of the snippet that ran in a constructor. */
extern int frame_status;

#ifdef __cplusplus
}
#endif

#endif
