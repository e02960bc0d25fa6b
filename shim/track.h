/* SPDX-License-Identifier: MIT
 *
 * track.h -- keeps the records of sockets true to what the program does: made, named, connected, accepted, copied,
 * closed. Always done, also while nothing is watched, so that rules can come later. No system call but where a
 * descriptor appears whose making was not seen (inherited, received), or goes where it was not made (by exec, in a
 * message): it is asked about once, and never in a process that has sandboxed itself.
 */
#ifndef SF_TRACK_H
#define SF_TRACK_H

#include <arpa/inet.h>
#include <string.h>

#include "core/call.h"
#include "fdtab.h"
#include "self.h"

/* A record that is claimed for a socket of this thread's, and its place; NULL: none is at hand, or a handler was
 * quicker. */
static inline struct sf_socket *sf_track_take(uint32_t *place)
{
	uint64_t next = atomic_load_explicit(&sf_self_here.records, memory_order_relaxed);

	if (__builtin_expect(next % SF_RECORDS == 0, 0) ||
	    !atomic_compare_exchange_strong_explicit(
	        &sf_self_here.records, &next, next + 1, memory_order_relaxed, memory_order_relaxed))
		return NULL;
	struct sf_socket *socket = sf_arena_at(sf_arena, (uint64_t)(uint32_t)next * sizeof *socket);

	*place = (uint32_t)next;
	socket->index = (uint32_t)next + (uint32_t)(next >> 32);
	return socket;
}

/* The thread is who it was when it last looked. */
static inline bool sf_track_is_as_ever(void)
{
	return __builtin_expect(sf_self_here.life == *sf_life, 1);
}

static inline bool sf_track_has_rules(void)
{
	return SF_NOW(uint16_t, sf_arena->rule_count) != 0;
}

/* sf_socket_name of one that nobody has named, and that is not domestic. */
static inline void sf_track_name(struct sf_arena *arena, struct sf_socket *socket)
{
	_Static_assert(
	    offsetof(struct sf_socket, thread) == offsetof(struct sf_socket, process) + 4 &&
	        offsetof(struct sf_self, thread) == offsetof(struct sf_self, process) + 4,
	    "both at once");
	atomic_store_explicit(
	    &socket->conn, atomic_fetch_add_explicit(&arena->conn_count, 1, memory_order_relaxed) + 1,
	    memory_order_relaxed);
	socket->nth = atomic_fetch_add_explicit(&sf_self_here.record->conns, 1, memory_order_relaxed) + 1;
	memcpy(&socket->process, &sf_self_here.process, 2 * sizeof socket->process);
}

/* sf_endpoint_from of such an address, where none was before. */
static inline void sf_track_set_inet(struct sf_endpoint *endpoint, const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;

	endpoint->family = SF_INET;
	endpoint->length = 4;
	endpoint->port = ntohs(in->sin_port);
	memcpy(endpoint->bytes, &in->sin_addr, 4);
}

/* ---- what is done for each socket: at once where it is like most, in as few instructions as may be ---- */

void sf_track_socket_anyhow(int fd, int domain, int type);

static inline void sf_track_socket(int fd, int domain, int type)
{
	struct sf_socket *socket;
	unsigned flags = (unsigned)type ^ SOCK_STREAM;
	uint32_t place;

	if (domain != AF_INET || flags & ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC) || (unsigned)fd >= SF_FDS ||
	    !sf_track_is_as_ever() || !(socket = sf_track_take(&place))) {
		sf_track_socket_anyhow(fd, domain, type);
		return;
	}
	socket->family = SF_INET;
	socket->type = SF_STREAM;
	_Static_assert(SOCK_CLOEXEC / SOCK_NONBLOCK > UINT8_MAX, "the one is not seen beside the other");
	socket->nonblocking = (uint8_t)(flags / SOCK_NONBLOCK);
	socket->send_mode = socket->receive_mode = SF_BLOCKING + socket->nonblocking;
	atomic_store_explicit(&socket->fd_hint, (uint32_t)fd, memory_order_relaxed);
	sf_fd_enter(fd, place);
}

/* Its peer, its number and key. Before the real connect where calls are watched: a trace says where one hangs. */
void sf_track_connect(int fd, const struct sockaddr *address, uint32_t length);

/* The kernel has connected it: the address is one. */
static inline void sf_track_connected(int fd, const struct sockaddr *address, uint32_t length)
{
	struct sf_socket *socket = sf_fd_socket(fd);
	struct sf_arena *arena = sf_arena;

	if (!socket)
		return;
	/* Who claims the key is the first to connect it. */
	if (!sf_track_is_as_ever() || sf_track_has_rules() || socket->family != SF_INET || address->sa_family != AF_INET ||
	    __builtin_expect(atomic_fetch_or_explicit(&socket->has_key, 1, memory_order_relaxed) & 1, 0)) {
		sf_track_connect(fd, address, length);
		return;
	}
	sf_track_set_inet(&socket->peer, address);
	socket->side = SF_CLIENT;
	sf_track_name(arena, socket);
}

void sf_track_accept_anyhow(
    const struct sf_socket *listener, int fd, const struct sockaddr *from, uint32_t length, int flags);

/* What a connection has of its listener. Timeouts and the low-water mark the kernel copies, but for Unix sockets. */
static inline void sf_track_inherit(struct sf_socket *socket, const struct sf_socket *listener, int flags)
{
	_Static_assert(SF_TRAITS == 8, "family, type, timeouts");
	memcpy(socket, listener, SF_TRAITS);
	socket->side = SF_SERVER;
	socket->nonblocking = (flags & SOCK_NONBLOCK) != 0;
	socket->reuse_address = 0;
	atomic_store_explicit(
	    &socket->low_water, atomic_load_explicit(&listener->low_water, memory_order_relaxed), memory_order_relaxed);
}

/* An accepted connection. from may be NULL; flags as of accept4. */
__attribute__((always_inline)) static inline void
sf_track_accept(const struct sf_socket *listener, int fd, const struct sockaddr *from, uint32_t length, int flags)
{
	struct sf_socket *socket;
	uint32_t place;

	if (!sf_track_is_as_ever() || sf_track_has_rules() || listener->family != SF_INET || listener->receive_timeout ||
	    listener->send_timeout || length < sizeof(struct sockaddr_in) || (unsigned)fd >= SF_FDS ||
	    !(socket = sf_track_take(&place))) {
		sf_track_accept_anyhow(listener, fd, from, length, flags);
		return;
	}
	sf_track_inherit(socket, listener, flags);
	socket->send_mode = socket->receive_mode = SF_BLOCKING + socket->nonblocking;
	sf_track_set_inet(&socket->peer, from);
	memcpy(&socket->local, &listener->local, offsetof(struct sf_endpoint, bytes) + 8);
	atomic_store_explicit(&socket->has_key, 1, memory_order_relaxed);
	sf_track_name(sf_arena, socket);
	atomic_store_explicit(&socket->fd_hint, (uint32_t)fd, memory_order_relaxed);
	sf_fd_enter(fd, place);
}

/* ---- the rest ---- */

void sf_track_pair(const int fds[2], int domain, int type);
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
