/* SPDX-License-Identifier: MIT
 *
 * track.h -- keeps the records of sockets true to what the program does: made, named, connected, accepted, copied,
 * closed. Always done, also while nothing is watched, so that rules can come later. No system call but where a
 * descriptor appears whose making was not seen (inherited, received), or goes where it was not made (by exec, in a
 * message): it is asked about once, and never in a process that has sandboxed itself.
 */
#ifndef SF_TRACK_H
#define SF_TRACK_H

#include "core/call.h"

void sf_track_socket(int fd, int domain, int type);
void sf_track_pair(const int fds[2], int domain, int type);
/* Before the real connect: its peer, its number and key. */
void sf_track_connect(int fd, const struct sockaddr *address, uint32_t length);
/* An accepted connection. from may be NULL; flags as of accept4. */
void sf_track_accept(const struct sf_socket *listener, int fd, const struct sockaddr *from, uint32_t length, int flags);
void sf_track_bind(int fd, const struct sockaddr *address, uint32_t length);
void sf_track_listen(int fd);
void sf_track_dup(int from, int to);
/* Before the real close (law 9). */
void sf_track_close(int fd);
void sf_track_close_range(unsigned first, unsigned last);
/* The process is about to end. */
void sf_track_exit(void);
void sf_track_nonblocking(int fd, bool nonblocking);
void sf_track_option(int fd, int level, int name, const void *value, uint32_t length);
/* The program was told how many bytes are queued (FIONREAD). */
void sf_track_shown(int fd, int bytes);
/* Before a message with control data is sent: who gets the descriptors in it finds their records. */
void sf_track_sent(const struct msghdr *msg);
/* Descriptors that arrived with a message (SCM_RIGHTS); its event, or NULL. */
void sf_track_received(const struct msghdr *msg, struct sf_event *event);
/* A descriptor that appeared by other means: asks the kernel what it is, and finds its record if another process of the
 * run made it. */
void sf_track_discover(int fd);
/* Start-up: everything that is open. */
void sf_track_inherited(void);
/* The sockets of this process, as an extension of its first event. */
void sf_track_record(struct sf_event *event);
/* Before a fork: another process is about to have all sockets of this one. */
void sf_track_share(void);
/* Before exec or spawn: what the next program inherits is findable by inode. */
void sf_track_hand_over(void);

#endif
