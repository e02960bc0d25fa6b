/* SPDX-License-Identifier: MIT
 *
 * track.c -- see track.h. A vfork child is a guest in its parent's memory: its doings leave no trace here (law 10),
 * what it hands to the program that it becomes is found again by inode.
 */
#include "track.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "ask.h"
#include "core/match.h"
#include "core/respite.h"
#include "datagram.h"
#include "evlog.h"
#include "hold.h"
#include "probe.h"
#include "registered.h"
#include "sys.h"

#define SCM_MAX 253 /* descriptors that a message can bring */

static bool is_live(void)
{
	return sf_process && !sf_self_is_guest();
}

/* The first of some records, of which the others are this thread's from now on. NULL: no room. */
static struct sf_socket *take_records(struct sf_self *self)
{
	_Static_assert(SF_PAGE_SIZE / sizeof(struct sf_socket) % SF_RECORDS == 0, "pages hold a multiple of them");
	_Atomic uint32_t *count = &sf_arena->tables[SF_SOCKETS].count;
	uint32_t index = atomic_fetch_add_explicit(count, SF_RECORDS, memory_order_relaxed) + 1;
	struct sf_socket *first = sf_socket_at(sf_arena, sf_arena_room(sf_arena, SF_SOCKETS, index));

	if (!first)
		return NULL;
	uint32_t place = sf_fd_place(first);

	first->index = index;
	atomic_store_explicit(
	    &self->records, (uint64_t)(index - place) << 32 | (uint64_t)(place + 1), memory_order_relaxed);
	return first;
}

/* NULL: no room. */
static struct sf_socket *make(struct sf_self *self)
{
	struct sf_socket *socket = NULL;
	uint32_t place;

	if (!self)
		return NULL;
	while (!socket && atomic_load_explicit(&self->records, memory_order_relaxed) % SF_RECORDS != 0)
		socket = sf_track_take(&place);
	return socket ? socket : take_records(self);
}

static inline void enter(int fd, struct sf_socket *socket)
{
	uint8_t mode = socket->type == SF_STREAM ? SF_BLOCKING + socket->nonblocking : 0;

	socket->send_mode = socket->receive_mode = mode;
	if (__builtin_expect(socket->receive_timeout || socket->send_timeout, 0))
		sf_socket_settle(socket);
	atomic_store_explicit(&socket->fd_hint, (uint32_t)fd, memory_order_relaxed);
	sf_fd_set(fd, socket);
}

static inline void describe(struct sf_socket *socket, int fd, int domain, int type)
{
	uint8_t family = (uint8_t)sf_family_of(domain);

	socket->family = family;
	socket->type = (uint8_t)sf_type_of(type);
	socket->nonblocking = (type & SOCK_NONBLOCK) != 0;
	if (family == SF_FAMILY_OTHER)
		socket->domestic = 1;
	enter(fd, socket);
}

void sf_track_socket_anyhow(int fd, int domain, int type)
{
	struct sf_socket *socket = fd >= 0 ? make(sf_self_get()) : NULL;

	if (socket)
		describe(socket, fd, domain, type);
}

void sf_track_pair(const int fds[2], int domain, int type)
{
	for (int i = 0; i < 2; i++) {
		struct sf_socket *socket = make(sf_self_get());

		if (!socket)
			return;
		describe(socket, fds[i], domain, type);
		socket->domestic = 1;
	}
}

static void name(struct sf_socket *socket, const struct sf_self *self)
{
	sf_socket_name(sf_arena, socket, self->thread, self->record);
	if (sf_track_has_rules())
		sf_match_socket(sf_arena, socket, true);
}

void sf_track_connect(int fd, const struct sockaddr *address, uint32_t length)
{
	const struct sf_self *self = sf_self_get();
	struct sf_socket *socket = self ? sf_fd_socket(fd) : NULL;
	struct sf_endpoint peer;

	if (!socket || !sf_endpoint_from(&peer, address, length))
		return;
	if (socket->type == SF_DGRAM || socket->side == SF_SIDE_NONE)
		socket->peer = peer;
	socket->side = SF_CLIENT;
	name(socket, self);
	sf_fd_set(fd, socket);
}

void sf_track_accept_anyhow(
    const struct sf_socket *listener, int fd, const struct sockaddr *from, uint32_t length, int flags)
{
	struct sf_self *self = sf_self_get();
	struct sf_socket *socket = make(self);

	if (!socket)
		return;
	sf_track_inherit(socket, listener, flags);
	sf_endpoint_from(&socket->peer, from, length);
	socket->local = listener->local;
	if (listener->family == SF_UNIX) {
		socket->receive_timeout = socket->send_timeout = 0;
		atomic_store_explicit(&socket->low_water, 0, memory_order_relaxed);
		socket->peer.family = SF_UNIX;
	}
	name(socket, self);
	enter(fd, socket);
}

void sf_track_bind(int fd, const struct sockaddr *address, uint32_t length)
{
	struct sf_socket *socket = is_live() ? sf_fd_socket(fd) : NULL;

	if (socket && sf_endpoint_from(&socket->local, address, length))
		sf_ask_anew(fd);
}

void sf_track_listen(int fd)
{
	struct sf_socket *socket = is_live() ? sf_fd_socket(fd) : NULL;

	if (!socket || socket->side == SF_LISTENER)
		return;
	socket->side = SF_LISTENER;
	sf_ask_anew(fd);
}

void sf_track_dup(int from, int to)
{
	if (to < 0 || from == to || !is_live())
		return;
	sf_fd_set(to, sf_fd_socket(from));
	if (sf_epoll_knows(from))
		sf_epoll_copied(from, to);
}

void sf_track_close(int fd)
{
	if (!(sf_fd_is_socket(fd) || sf_epoll_knows(fd)) || !is_live())
		return;
	sf_datagram_leave((unsigned)fd, (unsigned)fd);
	sf_epoll_forget(fd);
	sf_hold_drop(fd);
	sf_fd_bury(fd);
}

void sf_track_close_range(unsigned first, unsigned last)
{
	if (!is_live())
		return;
	sf_datagram_leave(first, last);
	sf_epoll_forget_range(first, last);
	sf_fd_drop_range(first, last);
}

void sf_track_exit(void)
{
	if (is_live())
		sf_datagram_leave(0, ~0u);
}

void sf_track_nonblocking(int fd, bool nonblocking)
{
	struct sf_socket *socket = sf_fd_socket(fd);

	if (!socket)
		return;
	socket->nonblocking = nonblocking;
	sf_socket_settle(socket);
}

/* As the kernel takes it: what is negative means all. */
static uint32_t low_water_of(int value)
{
	return value < 0 ? INT_MAX : (uint32_t)value;
}

void sf_track_option(int fd, int level, int option, const void *value, uint32_t length)
{
	struct sf_socket *socket = sf_fd_socket(fd);
	const struct timeval *tv = value;

	if (!socket || level != SOL_SOCKET || !value)
		return;
	bool given = length >= sizeof *tv && (tv->tv_sec || tv->tv_usec);

	if (option == SO_RCVTIMEO)
		socket->receive_timeout = given;
	else if (option == SO_SNDTIMEO)
		socket->send_timeout = given;
	else if (option == SO_REUSEADDR && length >= sizeof(int))
		socket->reuse_address = *(const int *)value != 0;
	else if (option == SO_RCVLOWAT && length >= sizeof(int))
		atomic_store_explicit(&socket->low_water, low_water_of(*(const int *)value), memory_order_relaxed);
	sf_socket_settle(socket);
}

void sf_track_shown(int fd, int bytes)
{
	struct sf_socket *socket = sf_fd_socket(fd);

	if (!socket || bytes < 0)
		return;
	uint64_t received = atomic_load_explicit(&socket->received, memory_order_relaxed);

	atomic_store_explicit(&socket->shown, received + (uint64_t)bytes, memory_order_relaxed);
}

static void share(int fd)
{
	struct sf_socket *socket = sf_fd_socket(fd);

	if (socket && !atomic_load_explicit(&socket->is_shared, memory_order_relaxed))
		sf_respite_share(sf_arena, socket);
}

void sf_track_share(void)
{
	int top = atomic_load_explicit(&sf_fds_top, memory_order_relaxed);

	for (int fd = 0; fd < top; fd++)
		share(fd);
}

/* The record of a socket that another process of the run made, by inode; else 0. */
static uint32_t find_inode(uint64_t inode, const struct sf_socket *described)
{
	for (uint32_t i = atomic_load_explicit(&sf_arena->tables[SF_SOCKETS].count, memory_order_relaxed); i > 0; i--) {
		const struct sf_socket *socket = sf_socket_at(sf_arena, i);

		if (socket && socket->inode == inode && socket->family == described->family && socket->type == described->type)
			return i;
	}
	return 0;
}

void sf_track_discover(int fd)
{
	struct sf_process *process = sf_self_process();
	struct stat st;

	if (!is_live() || !process || atomic_load_explicit(&process->sandboxed, memory_order_relaxed) ||
	    sf_sys(SYS_fstat, fd, &st) != 0)
		return;
	struct sf_socket described = {.inode = st.st_ino};

	/* An epoll instance has no file of any type. */
	if (!(st.st_mode & S_IFMT))
		sf_epoll_discover(fd);
	if (!S_ISSOCK(st.st_mode) || !sf_probe_describe(fd, &described))
		return;
	uint32_t index = find_inode(described.inode, &described);

	if (index) {
		sf_fd_set(fd, sf_socket_at(sf_arena, index));
		share(fd);
		return;
	}
	struct sf_self *self = sf_self_get();
	struct sf_socket *socket = make(self);

	if (!socket)
		return;
	socket->family = described.family;
	socket->type = described.type;
	socket->nonblocking = described.nonblocking;
	socket->receive_timeout = described.receive_timeout;
	socket->send_timeout = described.send_timeout;
	socket->side = described.side;
	socket->domestic = described.domestic || described.family == SF_FAMILY_OTHER;
	socket->inode = described.inode;
	socket->local = described.local;
	socket->peer = described.peer;
	if (described.side == SF_SIDE_NONE && described.peer.family && !described.domestic) {
		socket->side = SF_SERVER; /* somebody else's: handed to us connected, as inetd does */
		name(socket, self);
	}
	enter(fd, socket);
}

void sf_track_received(const struct msghdr *msg, struct sf_event *event)
{
	struct sf_given given[SCM_MAX];
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			sf_track_discover(fd);
			if (n < SCM_MAX && sf_fd_is_socket(fd))
				given[n++] = (struct sf_given){fd, sf_fd_index(fd)};
		}
	}
	if (event)
		sf_event_extend(event, SF_EXTENSION_GIVEN, given, n * sizeof given[0]);
}

/* Another process is about to have it, and finds its record by this number. */
static void hand_over(int fd, bool sandboxed)
{
	struct sf_socket *socket = sf_fd_socket(fd);

	share(fd);
	if (socket && !socket->inode && !sandboxed)
		sf_probe_same(fd, socket);
}

void sf_track_sent(const struct msghdr *msg)
{
	if (!is_live())
		return;
	bool sandboxed = sf_self_is_sandboxed();
	const char *end = (const char *)msg->msg_control + (uint32_t)msg->msg_controllen;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)msg, c)) {
		const char *data = (const char *)CMSG_DATA(c), *last = (const char *)c + (uint32_t)c->cmsg_len;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || last > end)
			continue;
		for (int fd; data + sizeof fd <= last; data += sizeof fd) {
			memcpy(&fd, data, sizeof fd);
			hand_over(fd, sandboxed);
		}
	}
}

/* The kernel's directory entries (getdents64(2)). */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static int number(const char *text)
{
	int n = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (*text - '0');
	return *text ? -1 : n;
}

/* Sockets that a program finds open when it starts. */
static void record_given(struct sf_event *event)
{
	enum { ROOM = 1024 };
	struct sf_given given[ROOM];
	int top = atomic_load_explicit(&sf_fds_top, memory_order_relaxed);
	size_t n = 0;

	for (int fd = 0; fd < top && n < ROOM; fd++)
		if (sf_fd_is_socket(fd))
			given[n++] = (struct sf_given){fd, sf_fd_index(fd)};
	sf_event_extend(event, SF_EXTENSION_GIVEN, given, n * sizeof given[0]);
}

void sf_track_record(struct sf_event *event)
{
	if (sf_fd_any(0, SF_FDS))
		record_given(event);
}

void sf_track_inherited(void)
{
	char buffer[2048] __attribute__((aligned(8)));
	long dir = sf_sys(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	long length;

	if (dir < 0)
		return;
	while ((length = sf_sys(SYS_getdents64, dir, buffer, sizeof buffer)) > 0)
		for (long at = 0; at < length; at += ((struct entry *)(buffer + at))->length) {
			int fd = number(((struct entry *)(buffer + at))->name);

			if (fd >= 0 && fd != dir)
				sf_track_discover(fd);
		}
	sf_sys(SYS_close, dir);
}

void sf_track_hand_over(void)
{
	int top = atomic_load_explicit(&sf_fds_top, memory_order_relaxed);
	bool sandboxed = sf_self_is_sandboxed();

	for (int fd = 0; fd < top; fd++)
		hand_over(fd, sandboxed);
}
