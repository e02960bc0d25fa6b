/* SPDX-License-Identifier: MIT
 *
 * effect.c -- see effect.h. Each fault is made as the kernel makes it where that is possible; the sentence at each
 * function says what differs. In a process that has sandboxed itself nothing that needs a system call of ours is done
 * (law 0).
 */
#include "effect.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "connect.h"
#include "core/fact.h"
#include "core/fault.h"
#include "core/option.h"
#include "core/payload.h"
#include "cut.h"
#include "datagram.h"
#include "end.h"
#include "gate.h"
#include "probe.h"
#include "readiness.h"
#include "sys.h"
#include "track.h"

#define relaxed memory_order_relaxed

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

/* ---- could it happen now? ---- */

static bool brings_a_mask(const struct sf_call *c)
{
	return c->func == SF_FUNC_ppoll || c->func == SF_FUNC___ppoll_chk || c->func == SF_FUNC_pselect ||
	       c->func == SF_FUNC_epoll_pwait || c->func == SF_FUNC_epoll_pwait2;
}

/* The signal that a rule brings along, 0: none. */
static int signal_of(const struct sf_rule *rule)
{
	for (unsigned i = 0; i < rule->action_count; i++)
		if (rule->actions[i].kind == SF_FAULT_signal)
			return (int)rule->actions[i].argument.low;
	return 0;
}

static bool interruptible(const struct sf_call *c, const struct sf_rule *rule)
{
	/* poll and its like are never restarted, and with a timeout no call is: any handler will do. */
	bool restarts = c->operation != SF_POLL && c->mode != SF_TIMEOUT;
	/* These exist to unblock signals for as long as they wait. */
	uint64_t blocked = brings_a_mask(c) ? 0 : sf_probe_blocked();
	int signal = signal_of(rule);

	if (signal)
		return !(blocked >> (signal - 1) & 1) && sf_probe_handles(signal, restarts);
	/* A stop interrupts epoll_wait, and needs no handler. */
	return (c->operation == SF_POLL && sf_wait_is_epoll(c)) || sf_probe_handler(restarts, blocked);
}

static bool is_tcp(const struct sf_call *c)
{
	return c->on == SF_ON_TCP;
}

static bool ends_connection(int err)
{
	return err == ECONNRESET || err == ETIMEDOUT || err == EHOSTUNREACH || err == ENETUNREACH || err == EPIPE;
}

static bool is_unix_connection(const struct sf_call *c)
{
	return c->on == SF_ON_UNIX_STREAM || c->on == SF_ON_UNIX_SEQPACKET;
}

/* TCP says EPIPE first where an earlier send has met a peer that had closed, whether or not its end was read; on a
 * connection that has sent nothing Linux has no reason. Where it is dead already, or we have ended it, the kernel says
 * so itself. */
static enum sf_realism confirm_broken_pipe(const struct sf_call *c)
{
	if (!is_tcp(c) && !is_unix_connection(c))
		return SF_KERNEL;
	if (!sf_probe_resettable(c->fd, c->family) && !(is_tcp(c) && sf_probe_heard_end(c->fd)))
		return SF_REALISM_NONE;
	return !is_tcp(c) || atomic_load_explicit(&c->socket->sent, relaxed) ? SF_KERNEL : SF_POSIX;
}

/* Whose connection has moved something knows that it was not refused. */
static bool was_used(const struct sf_call *c)
{
	return c->socket->side == SF_SERVER || atomic_load_explicit(&c->socket->sent, relaxed) ||
	       atomic_load_explicit(&c->socket->received, relaxed);
}

static enum sf_realism confirm_fail(struct sf_call *c, const struct sf_rule *rule, int err)
{
	bool transfer = c->operation == SF_SEND || c->operation == SF_RECV;
	bool peers = c->type == SF_STREAM || c->type == SF_SEQPACKET;

	if (c->operation == SF_RESOLVE) /* its numbers are those of getaddrinfo(3) */
		return SF_KERNEL;
	if (c->func == SF_FUNC_epoll_ctl) /* only what is added takes memory, and counts */
		return c->flags == EPOLL_CTL_ADD ? SF_KERNEL : SF_REALISM_NONE;
	if (c->func == SF_FUNC_setsockopt)
		return sf_option_fails(c->flags, err);
	if (err == EAGAIN && sf_payload_shown(c)) /* the program has seen that there is something */
		return SF_REALISM_NONE;
	if (transfer && peers && !sf_probe_has_peer(c->fd, is_tcp(c)))
		return SF_REALISM_NONE;
	if (err == EINTR && c->operation == SF_POLL)
		return sf_wait_finds_nothing(c) && interruptible(c, rule) ? SF_KERNEL : SF_REALISM_NONE;
	/* Not Linux: POSIX. By which signal is open, unless the rule says so. */
	if (err == EINTR && c->operation == SF_CLOSE)
		return !signal_of(rule) || interruptible(c, rule) ? SF_KERNEL : SF_REALISM_NONE;
	if (err == EINTR)
		return !sf_probe_ready(c) && interruptible(c, rule) ? SF_KERNEL : SF_REALISM_NONE;
	if (transfer && c->on == SF_ON_UDP && err == ECONNREFUSED)
		return atomic_load_explicit(&c->socket->unanswered, relaxed) && sf_probe_hears_refusals(c->fd, c->family)
		           ? SF_KERNEL
		           : SF_REALISM_NONE;
	if (transfer && is_tcp(c) && err == ECONNREFUSED)
		return was_used(c) ? SF_REALISM_NONE : SF_KERNEL;
	if (transfer && c->on == SF_ON_UDP && err == EMSGSIZE)
		return sf_probe_sends_whole(c->fd, c->family) ? SF_KERNEL : SF_REALISM_NONE;
	if (transfer && err == EPIPE)
		return confirm_broken_pipe(c);
	if (transfer && (is_tcp(c) || is_unix_connection(c)) && ends_connection(err))
		return sf_probe_resettable(c->fd, c->family) ? SF_KERNEL : SF_REALISM_NONE;
	return SF_KERNEL;
}

static enum sf_realism confirm_short(struct sf_call *c)
{
	/* Once the peer has ended, all that will ever come is queued, and poll says so when both have, epoll to who asks
	 * for it: event loops take a short recv for the last one then. */
	if (c->operation == SF_RECV && c->mode == SF_NONBLOCKING &&
	    sf_probe_ended(c->fd, sf_epoll_asked(c->fd) & EPOLLRDHUP))
		return SF_REALISM_NONE;
	return SF_KERNEL;
}

/* A connected stream says EISCONN before anything can go wrong. */
static bool is_connected_already(const struct sf_call *c)
{
	return c->operation == SF_CONNECT && c->type != SF_DGRAM && !c->released && sf_probe_ready(c);
}

static enum sf_realism confirm_action(struct sf_call *c, const struct sf_rule *rule, const struct sf_action *action)
{
	switch (action->kind) {
	case SF_FAULT_fail:
		if (is_connected_already(c))
			return SF_REALISM_NONE;
		return confirm_fail(c, rule, (int)action->argument.low);
	case SF_FAULT_stall:
	case SF_FAULT_latency:
		return is_connected_already(c) ? SF_REALISM_NONE : SF_KERNEL;
	case SF_FAULT_short:
		return confirm_short(c);
	case SF_FAULT_reset:
		return sf_probe_resettable(c->fd, c->family) ? SF_KERNEL : SF_REALISM_NONE;
	case SF_FAULT_eof:
	case SF_FAULT_closed:
		return c->socket && atomic_load_explicit(&c->socket->state, relaxed) == SF_LIVE ? SF_KERNEL : SF_REALISM_NONE;
	default:
		return SF_KERNEL;
	}
}

/* A short count swallows an edge, which only another call gives again. */
static bool swallows_an_edge(const struct sf_call *c)
{
	return c->mode == SF_NONBLOCKING && sf_epoll_knows(c->fd) && sf_epoll_asked(c->fd) & EPOLLET;
}

static bool needs_no_kernel(const struct sf_call *c, const struct sf_action *action)
{
	return action->kind == SF_FAULT_pass || action->kind == SF_FAULT_fake ||
	       (action->kind == SF_FAULT_short && !swallows_an_edge(c));
}

static bool wants_descriptors(const struct sf_call *c, const struct sf_rule *rule)
{
	for (unsigned i = 0; i < rule->action_count; i++)
		if (rule->actions[i].kind == SF_FAULT_fail &&
		    (rule->actions[i].argument.low == EMFILE || rule->actions[i].argument.low == ENFILE))
			return c->operation == SF_ACCEPT;
	return false;
}

/* Who was told that there is no descriptor, and has closed one since, gets its number: many keep a spare one for that.
 * Once: what has become of it by the accept after that is not asked. */
static bool was_given_one(const struct sf_call *c)
{
	static _Atomic int none_below; /* no lower number was free when accept was told so last */
	int lowest = sf_probe_free_number(c->fd);
	bool is_given = lowest >= 0 && lowest < atomic_load_explicit(&none_below, relaxed);

	atomic_store_explicit(&none_below, is_given ? 0 : lowest, relaxed);
	return is_given;
}

/* Only what finds something is counted. A request that is merely shorter asks the kernel itself: see
 * sf_decide_give_back. */
static bool must_be_ready(const struct sf_call *c, const struct sf_rule *rule)
{
	return c->mode == SF_NONBLOCKING && rule->actions[rule->action_count - 1].kind != SF_FAULT_short &&
	       (c->operation == SF_SEND || c->operation == SF_RECV || c->operation == SF_ACCEPT);
}

/* What comes between our look and the real call would be moved by a call that no rule was let near, and counted as the
 * one that a rule is for. So where a look is all that the kernel does itself, the call ends here. A send may find room
 * that poll does not tell of (see sf_probe_ready), a recv less than SO_RCVLOWAT. */
static bool is_told_by_the_look(const struct sf_call *c)
{
	if (c->operation == SF_ACCEPT)
		return c->side == SF_LISTENER;
	return c->operation == SF_RECV && c->side != SF_LISTENER && c->on != SF_ON_RAW && c->shape != SF_SHAPE_NONE &&
	       c->asked > 0 && !(c->flags & MSG_OOB) && sf_probe_tells_each_byte(c->fd);
}

enum sf_realism sf_effect_confirm(struct sf_call *c, const struct sf_rule *rule, bool *ready)
{
	const struct sf_process *process = sf_self_process();
	bool sandboxed = atomic_load_explicit(&process->sandboxed, relaxed);
	enum sf_realism realism = SF_KERNEL;

	for (unsigned i = 0; i < rule->action_count; i++) {
		const struct sf_action *action = &rule->actions[i];

		if (sandboxed && needs_no_kernel(c, action))
			continue;
		if (sandboxed)
			return SF_REALISM_NONE;
		if (c->socket && !sf_probe_same(c->fd, c->socket)) {
			sf_fd_set(c->fd, NULL);
			c->stranger = 1;
			return SF_REALISM_NONE;
		}
		enum sf_realism one = confirm_action(c, rule, action);

		if (one == SF_REALISM_NONE)
			return one;
		realism = one > realism ? one : realism;
	}
	if (!sandboxed && must_be_ready(c, rule))
		*ready = sf_probe_ready(c);
	c->finds_nothing = !*ready && is_told_by_the_look(c);
	if (!sandboxed && *ready && wants_descriptors(c, rule) && was_given_one(c))
		return SF_REALISM_NONE;
	return realism;
}

/* ---- time and signals ---- */

/* Waits for the descriptor, or for the time alone. libc's ppoll, not the raw one: where the program's own call is a
 * cancellation point, so is the wait in its place (law 4). True: a handler ran meanwhile. */
static bool pause_for(struct pollfd *one, uint64_t ns)
{
	struct timespec left = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	return real_ppoll(one, one ? 1 : 0, ns == UINT64_MAX ? NULL : &left, NULL) < 0 && errno == EINTR;
}

/* The thread sleeps. Handlers run meanwhile, and the rest of the time is slept after them. */
static void sleep_ns(uint64_t ns)
{
	uint64_t end_ns = sf_self_now_ns() + ns, now_ns;

	while ((now_ns = sf_self_now_ns()) < end_ns)
		pause_for(NULL, end_ns - now_ns);
}

static void raise_signal(int signal)
{
	sf_sys(SYS_tgkill, sf_pid, sf_sys(SYS_gettid), signal);
}

/* Unix sockets wait for room, and have nothing under way. */
static bool is_under_way(const struct sf_call *c)
{
	return c->operation == SF_CONNECT && c->family != SF_UNIX;
}

bool sf_wait_in_silence(struct sf_call *c, uint64_t ns)
{
	bool sends = c->operation == SF_SEND || c->operation == SF_CONNECT;
	uint64_t limit_ns = c->mode == SF_TIMEOUT ? sf_probe_timeout(c->fd, sends) : 0;
	uint64_t start_ns = sf_self_now_ns();

	for (;;) {
		uint64_t spent_ns = sf_self_now_ns() - start_ns;
		uint64_t end_ns = limit_ns && limit_ns < ns ? limit_ns : ns;

		if (spent_ns >= end_ns)
			return end_ns == ns ? false : decide(c, -1, is_under_way(c) ? EINPROGRESS : EAGAIN);
		if (pause_for(NULL, end_ns == UINT64_MAX ? UINT64_MAX : end_ns - spent_ns) &&
		    sf_probe_handler(!limit_ns, sf_probe_blocked()))
			return decide(c, -1, EINTR);
	}
}

static bool hold(struct sf_call *c)
{
	uint64_t until_ns = SF_HOLD_DECIDED | (c->hold_ns == UINT64_MAX ? UINT64_MAX : sf_self_now_ns() + c->hold_ns);

	if (!c->socket)
		return false;
	if (c->operation == SF_CONNECT)
		return sf_connect_hold(c);
	sf_hold(c->fd, c->socket, c->operation == SF_SEND, until_ns);
	c->postponed = c->mode == SF_NONBLOCKING && c->hold_ns != UINT64_MAX;
	return sf_sit_out(c, c->hold_ns);
}

/* ---- fail ---- */

static bool takes_one_out(int err)
{
	return err != EMFILE && err != ENFILE && err != ENOBUFS && err != ENOMEM && err != EAGAIN && err != EINTR;
}

/* Errors that belong to one connection take it out of the queue; it is reset. The others leave it there. */
static bool fail_accept(struct sf_call *c, int err)
{
	struct linger at_once = {1, 0};

	if (err == EAGAIN && c->mode == SF_TIMEOUT)
		return sf_wait_in_silence(c, UINT64_MAX);
	if (!takes_one_out(err))
		return decide(c, -1, err);
	long fd = sf_sys(SYS_accept4, c->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return decide(c, -1, (int)-fd);
	sf_sys(SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	sf_sys(SYS_close, fd);
	return decide(c, -1, err);
}

static bool fail_transfer(struct sf_call *c, int err)
{
	bool stream = c->type == SF_STREAM || c->type == SF_SEQPACKET;

	if (err == EAGAIN && c->mode == SF_TIMEOUT)
		return sf_wait_in_silence(c, UINT64_MAX);
	if (stream && err == ECONNRESET)
		return sf_end_by_reset(c);
	if (stream && ends_connection(err))
		return sf_end_by_error(c, err);
	if (c->on == SF_ON_UNIX_DGRAM && err == ECONNREFUSED) {
		struct sockaddr none = {.sa_family = AF_UNSPEC};

		sf_sys(SYS_connect, c->fd, &none, sizeof none); /* afterwards: ENOTCONN (transcript G9) */
	}
	return decide(c, -1, err);
}

/* The descriptor is gone, whatever close says (law 8). */
static bool fail_close(struct sf_call *c, int err)
{
	sf_track_close(c->fd); /* before it: afterwards the number may be another thread's (law 9) */
	sf_sys(SYS_close, c->fd);
	return decide(c, -1, err);
}

static bool fail(struct sf_call *c)
{
	int err = c->err;

	switch (c->operation) {
	case SF_CONNECT:
		return sf_connect_fail(c);
	case SF_ACCEPT:
		return fail_accept(c, err);
	case SF_SEND:
	case SF_RECV:
		return fail_transfer(c, err);
	case SF_CLOSE:
		return fail_close(c, err);
	case SF_RESOLVE:
		return decide(c, -err, err);
	default:
		return decide(c, -1, err);
	}
}

/* ---- slow networks ---- */

static uint64_t transfer_ns(const struct sf_call *c, uint64_t bytes)
{
	return (uint64_t)((unsigned __int128)bytes * 1000000000 / c->rate);
}

/* What came is on its way still. A blocking call waits until there is something, and then for its journey; of a
 * non-blocking one nothing has arrived yet, and readiness says the same. */
static bool arrive_later(struct sf_call *c)
{
	struct pollfd one = {c->fd, POLLIN, 0};

	if (c->released)
		return false;
	if (c->mode == SF_NONBLOCKING) {
		sf_hold(c->fd, c->socket, c->operation == SF_CONNECT, SF_HOLD_DECIDED | (sf_self_now_ns() + c->latency_ns));
		return c->operation == SF_CONNECT ? false : decide(c, -1, EAGAIN);
	}
	while (c->mode == SF_BLOCKING && c->operation != SF_CONNECT && pause_for(&one, UINT64_MAX))
		if (sf_probe_handler(true, sf_probe_blocked()))
			return decide(c, -1, EINTR);
	sleep_ns(c->latency_ns);
	return false;
}

/* What has to be through takes its time first, and then goes as a whole. */
static void slow_down(struct sf_call *c)
{
	if (sf_call_takes_all(c))
		sleep_ns(transfer_ns(c, c->len));
}

/* Any other transfer is cut to a slice, and the next one finds nothing until this one is through. A slice that follows
 * at once begins where the last one ended: what a loop is late adds up to nothing. */
static void pause_after(struct sf_call *c)
{
	enum { AT_ONCE_NS = 100000000 };

	if (c->ret <= 0 || c->flags & MSG_PEEK || sf_call_takes_all(c))
		return;
	uint64_t now_ns = sf_self_now_ns(), before_ns = c->silent_until_ns;
	uint64_t from_ns = before_ns && before_ns < now_ns && now_ns - before_ns < AT_ONCE_NS ? before_ns : now_ns;
	uint64_t until_ns = from_ns + transfer_ns(c, sf_call_moved(c));

	sf_hold(c->fd, c->socket, c->operation == SF_SEND, until_ns & ~SF_HOLD_DECIDED);
}

/* ---- before, after ---- */

bool sf_effect_before(struct sf_call *c)
{
	bool takes_time = sf_connect_takes_time(c);

	if (c->finds_nothing)
		return decide(c, -1, EAGAIN);
	if (c->delay_ns && !takes_time)
		sleep_ns(c->delay_ns);
	if (c->signal)
		raise_signal(c->signal);
	if (c->wishes & SF_WISH_RAW)
		return decide(c, c->operation == SF_RESOLVE ? -c->err : -1, c->err);
	if (c->latency_ns && c->socket && !takes_time && arrive_later(c))
		return true;
	if (c->rate && c->socket && !c->wishes)
		slow_down(c);
	if (c->wishes & SF_WISH_HOLD && hold(c))
		return true;
	if (c->wishes & SF_WISH_FAIL) {
		bool decided = fail(c);

		if (decided && c->err == EAGAIN && c->operation != SF_CONNECT)
			sf_epoll_rearm(c->fd);
		return decided;
	}
	if (c->wishes & SF_WISH_RESET)
		return sf_end_by_reset(c);
	if (c->wishes & SF_WISH_SHUT_READ)
		return sf_end_by_peer(c, false);
	if (c->wishes & SF_WISH_PEER_CLOSED)
		return sf_end_by_peer(c, true);
	if (c->wishes & SF_DATAGRAM_WISHES)
		return sf_datagram_before(c);
	return false;
}

void sf_effect_after(struct sf_call *c)
{
	if (c->was_cut)
		sf_cut_restore(c);
	if (c->wishes & SF_DATAGRAM_WISHES)
		sf_datagram_after(c);
	if (c->rate && c->socket)
		pause_after(c);
	if (c->len < c->asked && c->ret > 0 && c->mode == SF_NONBLOCKING)
		sf_epoll_rearm(c->fd);
}
