/* SPDX-License-Identifier: MIT
 *
 * hold.c -- see hold.h. Which numbers are held back is kept in a bit each, and when the first of them is to be given
 * back, so that nobody has to look through them before.
 */
#include "hold.h"

#include "fdtab.h"
#include "registered.h"
#include "self.h"

#define relaxed memory_order_relaxed

/* Numbers that this process holds back: a bit each. */
SF_TABLE static _Atomic uint64_t held[SF_FDS / 64];
_Atomic int sf_held_count;

/* When the first of them is to be given back; before it nobody has to look through them. Or one of the words below. */
static _Atomic uint64_t next_end_ns;
enum { NOT_KNOWN, BEING_FOUND };

static void enlist(int fd)
{
	uint64_t bit = UINT64_C(1) << (fd % 64);

	if (!(atomic_fetch_or(&held[fd / 64], bit) & bit))
		atomic_fetch_add(&sf_held_count, 1);
	atomic_store(&next_end_ns, NOT_KNOWN);
}

static void strike(int fd)
{
	uint64_t bit = UINT64_C(1) << (fd % 64);

	if (atomic_fetch_and(&held[fd / 64], ~bit) & bit)
		atomic_fetch_sub(&sf_held_count, 1);
}

static bool silent_at(const struct sf_socket *socket, bool sending, uint64_t now_ns, uint64_t *left_ns)
{
	uint64_t until_ns = atomic_load(sending ? &socket->hold_out_ns : &socket->hold_in_ns);

	*left_ns = until_ns == UINT64_MAX ? UINT64_MAX : until_ns > now_ns ? until_ns - now_ns : 0;
	return *left_ns > 0;
}

bool sf_is_held(const struct sf_socket *socket, bool sending, uint64_t *left_ns)
{
	if (!atomic_load_explicit(sending ? &socket->hold_out_ns : &socket->hold_in_ns, relaxed))
		return false;
	return silent_at(socket, sending, sf_self_now_ns(), left_ns);
}

unsigned sf_silence(int fd)
{
	const struct sf_socket *socket = sf_fd_socket(fd);
	uint64_t left_ns;

	if (!socket ||
	    !(atomic_load_explicit(&socket->hold_in_ns, relaxed) | atomic_load_explicit(&socket->hold_out_ns, relaxed)))
		return 0;
	return (sf_is_held(socket, false, &left_ns) ? SF_SILENT_IN : 0) |
	       (sf_is_held(socket, true, &left_ns) ? SF_SILENT_OUT : 0);
}

void sf_hold_here(int fd)
{
	if ((unsigned)fd >= SF_FDS)
		return;
	enlist(fd);
	sf_epoll_show(fd);
}

static void watch(enum sf_operation operation)
{
	if (!(atomic_load_explicit(&sf_arena->watch[operation], relaxed) & SF_WATCH_MEND))
		atomic_fetch_or_explicit(&sf_arena->watch[operation], SF_WATCH_MEND, relaxed);
}

void sf_hold(int fd, struct sf_socket *socket, bool sending, uint64_t until_ns)
{
	static const enum sf_operation watched[] = {SF_SEND, SF_RECV, SF_ACCEPT, SF_POLL, SF_CLOSE};

	atomic_store(sending ? &socket->hold_out_ns : &socket->hold_in_ns, until_ns);
	for (unsigned i = 0; i < sizeof watched / sizeof watched[0]; i++)
		watch(watched[i]);
	sf_hold_here(fd);
}

void sf_hold_never(struct sf_socket *socket)
{
	uint64_t nothing = 0;

	if (!(atomic_load_explicit(&sf_arena->watch[SF_POLL], relaxed) & SF_WATCH_HOLDS))
		return;
	if (atomic_compare_exchange_strong(&socket->hold_in_ns, &nothing, SF_HOLD_DECIDED))
		watch(SF_RECV);
}

/* Shows of one descriptor what may be shown now, and says when that changes. */
static uint64_t release_one(int fd, uint64_t now_ns)
{
	const struct sf_socket *socket = sf_fd_socket(fd);
	uint64_t in_ns = 0, out_ns = 0;

	if (socket) {
		silent_at(socket, false, now_ns, &in_ns);
		silent_at(socket, true, now_ns, &out_ns);
	}
	sf_epoll_show(fd);
	if (!in_ns && !out_ns) {
		strike(fd);
		if (sf_silence(fd)) /* again, while it was struck off */
			enlist(fd);
		return UINT64_MAX;
	}
	return !in_ns || (out_ns && out_ns < in_ns) ? out_ns : in_ns;
}

/* Gives back what is over; when the next one ends (UINT64_MAX: none that ends). */
static uint64_t release_all(uint64_t now_ns)
{
	int top = atomic_load_explicit(&sf_fds_top, relaxed);
	uint64_t next_ns = UINT64_MAX;

	for (int word = 0; word * 64 < top; word++)
		for (uint64_t bits = atomic_load(&held[word]); bits; bits &= bits - 1) {
			uint64_t left_ns = release_one(word * 64 + __builtin_ctzll(bits), now_ns);

			next_ns = left_ns < next_ns ? left_ns : next_ns;
		}
	return next_ns == UINT64_MAX ? next_ns : now_ns + next_ns;
}

uint64_t sf_hold_release(uint64_t now_ns)
{
	uint64_t next_ns = atomic_load(&next_end_ns);

	if (atomic_load(&sf_held_count) == 0)
		return UINT64_MAX;
	if (next_ns <= now_ns) {
		uint64_t finding = BEING_FOUND;

		atomic_store(&next_end_ns, BEING_FOUND);
		next_ns = release_all(now_ns);
		/* What was enlisted meanwhile is not known yet. */
		atomic_compare_exchange_strong(&next_end_ns, &finding, next_ns);
	}
	return next_ns == UINT64_MAX ? next_ns : next_ns - now_ns;
}

void sf_hold_drop(int fd)
{
	if (atomic_load_explicit(&sf_held_count, relaxed) && (unsigned)fd < SF_FDS)
		strike(fd);
}

bool sf_hold_may_end(void)
{
	return atomic_load(&next_end_ns) != UINT64_MAX;
}
