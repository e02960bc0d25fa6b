/* SPDX-License-Identifier: MIT
 *
 * turn.h -- runs that share a file are not under way at the same time. What is made ready before a run, and what is
 * told of it afterwards, may be.
 */
#ifndef SF_CLI_TURN_H
#define SF_CLI_TURN_H

/* Waits until nobody else has this file, and has it: a descriptor. It is lost by who dies, once the last process that
 * it has forked is gone as well. Ends the command where the file can't be had. */
int sf_turn_take(const char *path);

/* -1: there is nothing to let go. */
void sf_turn_pass(int turn);

#endif
