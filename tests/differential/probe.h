/* SPDX-License-Identifier: MIT
 *
 * probe.h -- a program that does, in order, what a script says to sockets of its own, and writes a transcript of what
 * each call gave. The same script is played once without the library, where the kernel itself makes the fault, and once
 * under a rule: the transcripts are to be equal. The steps are in calls.c (what programs do), ready.c (readiness) and
 * natively.c (how a kernel is brought to make each fault).
 *
 * A script is steps with semicolons between them. Before the words of a step may stand:
 *
 *     N    done without the library only, not written down: it makes the fault, or waits until it is there
 *     R    done under a rule only, not written down
 *     ~    done in both, not written down
 *     @    whether it took its time (TIMEOUT_MS or more) is written down too
 *     !    an ordinary step. It tells the table of cases which call the rule is to meet
 *
 * Sockets have names of one letter: c is the end that meets the fault, p its peer, l the listener, d a duplicate of c.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

enum { TIMEOUT_MS = 400, WORDS = 20 };

/* One step, as words; words[0] is the verb. Missing words are "". */
struct step {
	const char *words[WORDS];
};

struct verb {
	const char *name;
	void (*play)(const struct step *step);
};

extern const struct verb calls[], ready_calls[], native_means[]; /* each ends with a NULL */

/* Where this thread's lines go. */
extern __thread FILE *out;

/* Without the library, the kernel being the one who makes the fault? */
extern bool is_native;

/* What the script is about: "tcp4", "tcp6", "udp4", "udp6", "unix", "unixdgram", "seqpacket". */
extern const char *kind;

/* The descriptor of a name; makes room for a new one. */
int *descriptor(const char *name);

/* Writes " = RET", with errno's name where it is negative. */
void say_result(long ret);

/* Plays one step of this thread, and writes its line. */
void play(const char *text);

const char *errno_name(int err);
int number(const char *word, int otherwise);

/* Ends the program: the script or the machine is not what it should be. */
__attribute__((noreturn)) void give_up(const char *what);
void must(bool holds, const char *what);

int wait_for_bits(int fd, short bits, int timeout_ms);

/* Waits until the kernel has done with the socket what it is at (a timer that ends a connection, say). */
void settle(int fd);

#endif
