/* SPDX-License-Identifier: MIT
 *
 * told.h -- a run told in words, one event a line, and what a finding must say of it. So the unit test of a finding is
 * a list of short stories:
 *
 *     expect(&(struct told){
 *         .finding = "send-after-shutdown",
 *         .story = {"socketpair = 3 4", "shutdown 3 = 0 how=WR", "send 3 10 = -1 EPIPE"},
 *         .said = {3}});                              the lines (from 1) that it must name; none: it must be silent
 *
 * A line is
 *
 *     [N:] WHAT [FD] [ASKED] [= RESULT [ERRNO]] [WORD | KEY=VALUE]...
 *
 * N        the thread: 1, the main thread of the first process, where none is named
 * WHAT     a function (send, recvmsg, epoll_ctl ...), or
 *            fork = N        N is the main thread of a copy of this process, pid 100 + N; all its descriptors too
 *            thread = N      N is one more thread of this process
 *            load, exec      another program in this process; its descriptors stay
 *            exit = STATUS   the process ends
 *            killed SIGNAL   a signal has ended the process (no event: the number of the line stays free)
 *            lives           the process was still there when the run was over (no event)
 * FD       the descriptor. Sockets come by socket, accept and socketpair (= 3 4), and go by close: the story knows
 * ASKED    bytes, backlog, number of descriptors
 * RESULT   no `=`: the call never returned
 * WORD     nonblocking, blocking, timeout (the mode of the call); stream, dgram, seqpacket, inet, inet6, unix (of a
 *          socket that is made here), held (it is, by a rule, when the run is over); closed (the program itself had),
 * swept (in a row); kernel, posix, fake (realism) KEY      fault=KIND[:VALUE]   a rule injected this: short:60,
 * fail:EINTR, reset (realism kernel if none is named) limit=MS             of a wait; else it has none at=MS, took=MS
 * when, how long; else 1 ms after the line before, and no time at all site=N, stack=N      the place of the call; else
 * each line has its own flags=N|MSG_...      how=RD|WR|RDWR   option=SO_ERROR   command=N (fcntl), op=ADD|MOD|DEL
 * (epoll_ctl) buffer=N, value=N    address of the data; `asked` rest=LENGTH[:TEXT]   what a short send left;
 * begin=TEXT[:on|again|other]  what a send begins with polled=FD:IN|OUT:HUP[,...]      asked and answered;
 * epolled=FD:IN|ET (of epoll_ctl), :IN (of epoll_wait) signals=SIGINT[:restart|:ignored]    waited=N:STATUS (thread N
 * is its process)    text=WORD
 */
#ifndef SF_TESTS_TOLD_H
#define SF_TESTS_TOLD_H

#include <stdbool.h>

#define TOLD_LINES 120

struct told {
	const char *finding;
	const char *story[TOLD_LINES];
	int said[16];                     /* lines, in their order */
	const char *says;                 /* the sentence of the first has this in it; NULL: any */
	const char *baseline[TOLD_LINES]; /* the fault-free run */
	bool differs, same;               /* somebody compared */
	bool timed_out, asked_to_end;
	unsigned over_at;    /* ms: when the run was over; 0: not known */
	unsigned busy;       /* ms that the first process ran; 0: not known */
	const char *errors;  /* what it wrote on standard error */
	const char *command; /* as typed, with one blank between the words */
};

/* Fails the test, with story and sentences, where the finding says something else. */
void expect(const struct told *told);

#endif
