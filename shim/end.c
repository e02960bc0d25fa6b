/* SPDX-License-Identifier: MIT
 *
 * end.c -- see end.h.
 */
#include "end.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/match.h"
#include "core/payload.h"
#include "effect.h"
#include "kept.h"
#include "probe.h"
#include "self.h"
#include "sys.h"

#define relaxed memory_order_relaxed

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

void sf_end_watch(void)
{
	for (int i = 0; i < SF_OPERATION_COUNT; i++)
		if (i != SF_RESOLVE && i != SF_PROCESS && i != SF_SOCKET)
			atomic_fetch_or_explicit(&sf_arena->watch[i], SF_WATCH_MEND, relaxed);
}

void sf_end_enter(struct sf_socket *socket, enum sf_socket_state state)
{
	sf_socket_enter_state(socket, state);
	sf_end_watch();
}

/* ---- TCP ---- */

static void remember_name(struct sf_call *c)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;

	if (sf_sys(SYS_getsockname, c->fd, &address, &length) == 0 &&
	    sf_endpoint_from(&c->socket->local, (struct sockaddr *)&address, length))
		atomic_fetch_or_explicit(&c->socket->mended, SF_MENDED_NAME, relaxed);
}

/* A connection that is under repair is given up without a word to the peer (transcript H7): for those who may
 * administer the network (CAP_NET_ADMIN). */
static bool set_repair(const struct sf_call *c, int how)
{
	int on = 1;

	if (sf_sys(SYS_setsockopt, c->fd, IPPROTO_TCP, TCP_REPAIR, &how, sizeof how) != 0)
		return false;
	if (!how && c->socket->reuse_address) /* the end of the repair takes it away */
		sf_sys(SYS_setsockopt, c->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return true;
}

/* The kernel's error is another one than the program is to see; `to` 0: they are the same. */
static void translate(struct sf_socket *socket, int from, int to)
{
	atomic_store_explicit(&socket->error_to, to, relaxed);
	atomic_store_explicit(&socket->error_from, to ? from : 0, memory_order_release);
}

/* Of what is queued a call that receives gets what the program has seen of it: the rule named this very call. Behind
 * the end of what the peer sent there is nothing. */
static size_t still_comes(const struct sf_call *c)
{
	uint32_t state = atomic_load_explicit(&c->socket->state, relaxed);

	if (state == SF_ENDED || state == SF_PEER_CLOSED)
		return 0;
	return c->operation == SF_RECV ? sf_payload_shown(c) : SIZE_MAX;
}

/* The kernel sends a RST (unless quietly), sets an error, wakes every poller and from there on answers as after a real
 * one; it forgets an automatically bound local address and what was queued (transcripts B1, B2). The program is to see
 * `err` in place of the kernel's error, or that one (0). False: it would not. */
static bool disconnect(struct sf_call *c, bool quietly, int err)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	size_t kept = still_comes(c);

	remember_name(c);
	sf_end_enter(c->socket, SF_DYING);
	sf_kept_take(c->fd, c->socket, kept);
	bool repairs = quietly && set_repair(c, 1);

	translate(c->socket, repairs ? ECONNABORTED : ECONNRESET, err);
	sf_ending_begins();
	bool done = sf_sys(SYS_connect, c->fd, &none, sizeof none) == 0;

	if (repairs)
		set_repair(c, 0);
	if (done)
		sf_sys(SYS_shutdown, c->fd, SHUT_RDWR);
	else
		translate(c->socket, 0, 0);
	atomic_store_explicit(&c->socket->state, done ? SF_DEAD : SF_LIVE, memory_order_release);
	sf_ending_is_over();
	c->refused = !done; /* some kernels say EBUSY while a thread waits in the socket */
	return done;
}

/* What the program has been shown comes first; then the kernel's own error answers the call. */
static bool answer(struct sf_call *c)
{
	return c->operation == SF_RECV && sf_kept_read(c);
}

/* The kernel writes what is left over the time that it is given: so that is made anew each time. */
static void pause_a_moment(void)
{
	struct timespec moment = {0, 200000};

	sf_sys(SYS_ppoll, NULL, 0, &moment, NULL, 8);
}

/* Whom a RST finds waiting in a receiving call learns it first, and takes the error; our call then finds what is left,
 * as the next one would (transcript A10). It is woken already: it has a second to get the processor. */
static void let_reader_take_it(const struct sf_call *c)
{
	for (int i = 0; i < 5000 && sf_probe_error(c->fd); i++)
		pause_a_moment();
}

/* The list of threads may end early where one of them is just leaving, and one that runs may be about to wait: a second
 * look tells, or a third. */
static bool is_read(const struct sf_call *c)
{
	bool found = false;

	for (int i = 0; i < 4 && !found && !sf_self_is_alone(); i++) {
		if (i > 0)
			pause_a_moment();
		found = sf_probe_reader(c->socket_index);
	}
	return found;
}

static bool reset_tcp(struct sf_call *c)
{
	bool waits = is_read(c);

	if (!disconnect(c, false, 0))
		return false;
	if (waits)
		let_reader_take_it(c);
	return answer(c);
}

/* EPIPE is what a program gets that does not read: the peer closed, then answered an earlier send with a RST. The call
 * takes it, and it comes with SIGPIPE from the kernel. */
static bool end_tcp(struct sf_call *c, int err)
{
	if (!disconnect(c, err != EPIPE, err == EPIPE ? 0 : err))
		return false;
	if (err == EPIPE)
		sf_probe_take_error(c->fd);
	return answer(c);
}

/* ---- Unix sockets ---- */

/* They have no RST: both directions end, and the error is told once. It is there before the end is seen: a reader that
 * waits wakes with the end, and tells the error (mend.c). What was queued stays, but not for a call that receives,
 * unless the program has seen it: as on TCP it counts as never having come. */
static bool reset_unix(struct sf_call *c)
{
	bool is_told_here = c->operation == SF_RECV && !sf_payload_shown(c);

	if (!is_told_here)
		atomic_store_explicit(&c->socket->error_to, ECONNRESET, relaxed);
	sf_end_enter(c->socket, SF_DEAD);
	sf_sys(SYS_shutdown, c->fd, SHUT_RDWR);
	if (is_told_here) {
		sf_swallow(c->fd);
		return decide(c, -1, ECONNRESET);
	}
	return sf_mend_before(c); /* SO_ERROR tells it at once; a send says EPIPE by itself, and leaves the error */
}

static bool end_unix(struct sf_call *c, int err)
{
	sf_sys(SYS_shutdown, c->fd, SHUT_RDWR);
	sf_end_enter(c->socket, SF_DEAD);
	return err == EPIPE ? false : decide(c, -1, err);
}

bool sf_end_by_reset(struct sf_call *c)
{
	return c->family == SF_UNIX ? reset_unix(c) : reset_tcp(c);
}

bool sf_end_by_error(struct sf_call *c, int err)
{
	return c->family == SF_UNIX ? end_unix(c, err) : end_tcp(c, err);
}

/* ---- the peer ends ---- */

/* Where the peer of a Unix socket has closed, both directions have ended at once. What the program has been shown comes
 * before the end. */
bool sf_end_by_peer(struct sf_call *c, bool has_closed)
{
	bool both = has_closed && c->family == SF_UNIX;

	sf_kept_take(c->fd, c->socket, sf_payload_shown(c));
	sf_sys(SYS_shutdown, c->fd, both ? SHUT_RDWR : SHUT_RD);
	sf_end_enter(c->socket, has_closed && !both ? SF_PEER_CLOSED : SF_ENDED);
	return sf_mend_before(c);
}

/* Its RST finds the socket with the end of the peer's data read or to be read: the error is EPIPE, and recv goes on
 * saying 0 (transcript A6b). The kernel's own error stays, so that poll shows it. */
void sf_end_unheard(struct sf_call *c)
{
	disconnect(c, false, EPIPE);
	c->refused = 0; /* no rule's doing */
}

/* ---- connections that are being ended ---- */

static _Atomic uint32_t endings_begun, endings_over;

uint32_t sf_endings(void)
{
	return atomic_load(&endings_begun);
}

void sf_ending_begins(void)
{
	atomic_fetch_add(&endings_begun, 1);
}

void sf_ending_is_over(void)
{
	atomic_fetch_add(&endings_over, 1);
}

void sf_endings_forget(void)
{
	atomic_store(&endings_over, atomic_load(&endings_begun));
}

static bool are_over(uint32_t begun)
{
	return (int32_t)(atomic_load(&endings_over) - begun) >= 0;
}

/* The thread that ends it may have lost its processor: it has a second to get it back. One that never comes back (a
 * handler jumped out of it) is waited for once. */
bool sf_ending_seen_half(uint32_t before)
{
	uint32_t begun = atomic_load(&endings_begun);

	if (begun == before && are_over(begun))
		return false;
	for (int i = 0; i < 1000 && !are_over(begun); i++)
		sf_sys(SYS_sched_yield);
	for (int i = 0; i < 5000 && !are_over(begun); i++) {
		struct timespec moment = {0, 200000}; /* the kernel writes what is left over it */

		sf_sys(SYS_ppoll, NULL, 0, &moment, NULL, 8);
	}
	if (!are_over(begun))
		sf_endings_forget();
	return true;
}
