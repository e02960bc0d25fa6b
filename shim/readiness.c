/* SPDX-License-Identifier: MIT
 *
 * readiness.c -- see readiness.h. Which epoll instances a descriptor is registered with is remembered per descriptor
 * where there is one, the common case; for more the kernel is asked (/proc/self/fdinfo). A held direction is masked in
 * the registration and put back, which gives an edge, by the next wait on that instance after the silence is over;
 * waits end early enough for that.
 */
#include "readiness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "gate.h"
#include "sys.h"

#define relaxed memory_order_relaxed
#define HELD_MAX 256
#define IN_BITS (EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLPRI)
#define OUT_BITS (EPOLLOUT | EPOLLWRNORM)

/* The one registration of a descriptor; epfd is kept plus one, MANY where there are several. */
static struct {
	_Atomic int epfd;
	_Atomic uint32_t events;
	_Atomic uint64_t data;
} registered[SF_FDS];

#define MANY (-1)

/* Descriptors that this process holds back. */
static _Atomic int held_fds[HELD_MAX]; /* plus one, 0: free */
static _Atomic int held_count;

bool sf_holds_any(void)
{
	return atomic_load_explicit(&held_count, relaxed) > 0;
}

void sf_epoll_registered(int epfd, int op, int fd, const struct epoll_event *event)
{
	if ((unsigned)fd >= SF_FDS)
		return;
	int known = atomic_load_explicit(&registered[fd].epfd, relaxed);

	if (op == EPOLL_CTL_DEL) {
		if (known == epfd + 1)
			atomic_store_explicit(&registered[fd].epfd, 0, relaxed);
		return;
	}
	if (known && known != epfd + 1) {
		atomic_store_explicit(&registered[fd].epfd, MANY, relaxed);
		return;
	}
	atomic_store_explicit(&registered[fd].events, event->events, relaxed);
	atomic_store_explicit(&registered[fd].data, event->data.u64, relaxed);
	atomic_store_explicit(&registered[fd].epfd, epfd + 1, relaxed);
}

void sf_epoll_forget(int fd)
{
	if ((unsigned)fd < SF_FDS && atomic_load_explicit(&registered[fd].epfd, relaxed))
		atomic_store_explicit(&registered[fd].epfd, 0, relaxed);
}

/* With EPOLLONESHOT the program re-arms it itself; EPOLLEXCLUSIVE can't be modified: out and in again. */
static void modify(int epfd, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	if (events & EPOLLEXCLUSIVE) {
		sf_sys(SYS_epoll_ctl, epfd, EPOLL_CTL_DEL, fd, NULL);
		sf_sys(SYS_epoll_ctl, epfd, EPOLL_CTL_ADD, fd, &event);
		return;
	}
	sf_sys(SYS_epoll_ctl, epfd, EPOLL_CTL_MOD, fd, &event);
}

void sf_epoll_rearm(int fd)
{
	if ((unsigned)fd >= SF_FDS)
		return;
	int epfd = atomic_load_explicit(&registered[fd].epfd, relaxed);
	uint32_t events = atomic_load_explicit(&registered[fd].events, relaxed);

	if (epfd > 0 && events & EPOLLET && !(events & EPOLLONESHOT))
		modify(epfd - 1, fd, events, atomic_load_explicit(&registered[fd].data, relaxed));
}

/* ---- holding back ---- */

static uint32_t silent_bits(struct sf_socket *socket)
{
	uint64_t left_ns;

	return (sf_is_held(socket, false, &left_ns) ? IN_BITS : 0) | (sf_is_held(socket, true, &left_ns) ? OUT_BITS : 0);
}

/* Makes the registration of a held descriptor as silent as it has to be now. */
static void mask_registration(int fd, struct sf_socket *socket)
{
	int epfd = atomic_load_explicit(&registered[fd].epfd, relaxed);

	if (epfd <= 0)
		return;
	uint32_t events = atomic_load_explicit(&registered[fd].events, relaxed);

	modify(epfd - 1, fd, events & ~silent_bits(socket), atomic_load_explicit(&registered[fd].data, relaxed));
}

static void enlist(int fd)
{
	for (int i = 0; i < HELD_MAX; i++)
		if (atomic_load_explicit(&held_fds[i], relaxed) == fd + 1)
			return;
	for (int i = 0; i < HELD_MAX; i++) {
		int none = 0;

		if (atomic_compare_exchange_strong_explicit(&held_fds[i], &none, fd + 1, relaxed, relaxed)) {
			atomic_fetch_add_explicit(&held_count, 1, relaxed);
			return;
		}
	}
}

void sf_hold(int fd, struct sf_socket *socket, bool sending, uint64_t until_ns)
{
	atomic_store_explicit(sending ? &socket->hold_out_ns : &socket->hold_in_ns, until_ns, relaxed);
	if ((unsigned)fd >= SF_FDS)
		return;
	enlist(fd);
	for (int i = 0; i < SF_OPERATION_COUNT; i++)
		if (i == SF_SEND || i == SF_RECV || i == SF_ACCEPT || i == SF_POLL || i == SF_CLOSE)
			atomic_fetch_or_explicit(&sf_arena->watch[i], SF_WATCH_MEND, relaxed);
	mask_registration(fd, socket);
}

bool sf_is_held(const struct sf_socket *socket, bool sending, uint64_t *left_ns)
{
	uint64_t until_ns = atomic_load_explicit(sending ? &socket->hold_out_ns : &socket->hold_in_ns, relaxed);

	if (until_ns == 0)
		return false;
	if (until_ns == UINT64_MAX) {
		*left_ns = UINT64_MAX;
		return true;
	}
	uint64_t now_ns = sf_self_now_ns();

	*left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	return until_ns > now_ns;
}

/* Gives back what is over, and says when the next silence ends (UINT64_MAX: none that ends). */
static uint64_t release(void)
{
	uint64_t next_ns = UINT64_MAX, left_ns;

	for (int i = 0; i < HELD_MAX; i++) {
		int fd = atomic_load_explicit(&held_fds[i], relaxed) - 1;
		struct sf_socket *socket = fd >= 0 ? sf_socket_at(sf_arena, sf_fd_socket(fd)) : NULL;
		bool silent = false;

		if (fd < 0)
			continue;
		for (int sending = 0; socket && sending < 2; sending++)
			if (sf_is_held(socket, sending, &left_ns)) {
				silent = true;
				next_ns = left_ns < next_ns ? left_ns : next_ns;
			}
		if (socket)
			mask_registration(fd, socket);
		if (!silent && atomic_exchange_explicit(&held_fds[i], 0, relaxed))
			atomic_fetch_sub_explicit(&held_count, 1, relaxed);
	}
	return next_ns;
}

/* ---- waiting ---- */

/* The end of a wait: of the program's own timeout. */
struct deadline {
	bool given;
	uint64_t end_ns;
};

static struct deadline deadline_of(const struct timespec *timeout)
{
	if (!timeout)
		return (struct deadline){false, 0};
	return (struct deadline){
	    true, sf_self_now_ns() + (uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_nsec};
}

/* How long this round may wait: until the deadline or the end of the next silence. NULL: for good. *last: no round
 * after it. */
static struct timespec *
round_timeout(const struct deadline *deadline, uint64_t next_ns, struct timespec *ts, bool *last)
{
	uint64_t now_ns = sf_self_now_ns();
	uint64_t left_ns = deadline->end_ns > now_ns ? deadline->end_ns - now_ns : 0;

	*last = deadline->given && left_ns <= next_ns;
	if (!deadline->given && next_ns == UINT64_MAX)
		return NULL;
	uint64_t wait_ns = *last ? left_ns : next_ns + 100000; /* a little past the end, not a little before */

	*ts = (struct timespec){(time_t)(wait_ns / 1000000000), (long)(wait_ns % 1000000000)};
	return ts;
}

static short poll_mask(int fd)
{
	struct sf_socket *socket = sf_socket_at(sf_arena, sf_fd_socket(fd));
	uint32_t silent = socket ? silent_bits(socket) : 0;

	return (short)~(
	    (silent & IN_BITS ? POLLIN | POLLRDNORM | POLLRDHUP | POLLPRI : 0) |
	    (silent & OUT_BITS ? POLLOUT | POLLWRNORM : 0));
}

/* The masks that the program asked for are put back afterwards: it never sees ours. */
static int poll_round(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	enum { FEW = 256 };
	short asked[FEW];
	nfds_t few = count < FEW ? count : FEW;

	for (nfds_t i = 0; i < few; i++) {
		asked[i] = fds[i].events;
		if (fds[i].fd >= 0)
			fds[i].events &= poll_mask(fds[i].fd);
	}
	int ready = real_ppoll(fds, count, timeout, mask);

	for (nfds_t i = 0; i < few; i++)
		fds[i].events = asked[i];
	return ready;
}

int sf_held_poll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct deadline deadline = deadline_of(timeout);
	struct timespec ts;
	bool last;

	for (;;) {
		struct timespec *wait = round_timeout(&deadline, release(), &ts, &last);
		int ready = poll_round(fds, count, wait, mask);

		if (ready != 0 || last)
			return ready;
	}
}

static void mask_set(fd_set *set, int count, short bits)
{
	for (int fd = 0; set && fd < count; fd++)
		if (FD_ISSET(fd, set) && !(poll_mask(fd) & bits))
			FD_CLR(fd, set);
}

static void copy_set(fd_set *to, const fd_set *from, int count)
{
	if (from)
		memcpy(to, from, (size_t)(count + 63) / 64 * 8);
}

int sf_held_select(
    int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout, const sigset_t *mask)
{
	struct deadline deadline = deadline_of(timeout);
	fd_set asked[3];
	struct timespec ts;
	bool last;

	if (count > FD_SETSIZE)
		return real_pselect(count, in, out, except, timeout, mask);
	copy_set(&asked[0], in, count);
	copy_set(&asked[1], out, count);
	copy_set(&asked[2], except, count);
	for (;;) {
		struct timespec *wait = round_timeout(&deadline, release(), &ts, &last);

		mask_set(in, count, POLLIN);
		mask_set(out, count, POLLOUT);
		int ready = real_pselect(count, in, out, except, wait, mask);

		if (ready != 0 || last)
			return ready;
		if (in)
			copy_set(in, &asked[0], count);
		if (out)
			copy_set(out, &asked[1], count);
		if (except)
			copy_set(except, &asked[2], count);
	}
}

int sf_held_epoll(int epfd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask)
{
	struct deadline deadline = deadline_of(timeout);
	struct timespec ts;
	bool last;

	for (;;) {
		struct timespec *wait = round_timeout(&deadline, release(), &ts, &last);
		/* Up to a millisecond late, never early. */
		int milliseconds = wait ? (int)(wait->tv_sec * 1000 + (wait->tv_nsec + 999999) / 1000000) : -1;
		int ready = real_epoll_pwait(epfd, events, count, milliseconds, mask);

		if (ready != 0 || last)
			return ready;
	}
}
