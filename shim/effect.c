/* SPDX-License-Identifier: MIT
 *
 * effect.c -- see effect.h. Each fault is made as the kernel makes it where that is possible; the sentence at each
 * function says what differs. In a process that has sandboxed itself nothing that needs a system call of ours is done
 * (law 0).
 */
#include "effect.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "core/fact.h"
#include "core/fault.h"
#include "core/match.h"
#include "core/payload.h"
#include "cut.h"
#include "datagram.h"
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

static enum sf_realism confirm_fail(struct sf_call *c, const struct sf_rule *rule, int err)
{
	bool transfer = c->operation == SF_SEND || c->operation == SF_RECV;
	bool peers = c->type == SF_STREAM || c->type == SF_SEQPACKET;

	if (c->operation == SF_RESOLVE) /* its numbers are those of getaddrinfo(3) */
		return SF_KERNEL;
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
		return sf_probe_hears_refusals(c->fd, c->family) ? SF_KERNEL : SF_REALISM_NONE;
	if (transfer && is_tcp(c) && ends_connection(err))
		return sf_probe_resettable(c->fd) ? SF_KERNEL : SF_REALISM_NONE;
	return SF_KERNEL;
}

static enum sf_realism confirm_short(struct sf_call *c)
{
	/* A blocking send is cut by a signal only: with a handler that is Linux, without one POSIX. Looked up only where it
	 * matters, for it takes a system call a signal. */
	if (c->operation == SF_SEND && c->mode == SF_BLOCKING && sf_arena->realism == SF_KERNEL)
		return sf_probe_handler(false, sf_probe_blocked()) ? SF_KERNEL : SF_REALISM_NONE;
	/* Once both directions have ended, all that will ever come is queued, and poll says so: event loops take a short
	 * recv for the last one then. */
	if (c->operation == SF_RECV && c->mode == SF_NONBLOCKING && sf_probe_ended(c->fd))
		return SF_REALISM_NONE;
	return SF_KERNEL;
}

static enum sf_realism confirm_action(struct sf_call *c, const struct sf_rule *rule, const struct sf_action *action)
{
	switch (action->kind) {
	case SF_FAULT_fail:
		return confirm_fail(c, rule, (int)action->argument.low);
	case SF_FAULT_short:
		return confirm_short(c);
	case SF_FAULT_reset:
		return !is_tcp(c) || sf_probe_resettable(c->fd) ? SF_KERNEL : SF_REALISM_NONE;
	case SF_FAULT_eof:
	case SF_FAULT_closed:
		return c->socket && atomic_load_explicit(&c->socket->state, relaxed) == SF_LIVE ? SF_KERNEL : SF_REALISM_NONE;
	default:
		return SF_KERNEL;
	}
}

static bool needs_no_kernel(const struct sf_action *action)
{
	return action->kind == SF_FAULT_pass || action->kind == SF_FAULT_fake || action->kind == SF_FAULT_short;
}

/* Only what finds something is counted. A request that is merely shorter asks the kernel itself: see
 * sf_decide_give_back. */
static bool must_be_ready(const struct sf_call *c, const struct sf_rule *rule)
{
	return c->mode == SF_NONBLOCKING && rule->actions[rule->action_count - 1].kind != SF_FAULT_short &&
	       (c->operation == SF_SEND || c->operation == SF_RECV || c->operation == SF_ACCEPT);
}

enum sf_realism sf_effect_confirm(struct sf_call *c, const struct sf_rule *rule, bool *ready)
{
	const struct sf_process *process = sf_self_process();
	bool sandboxed = atomic_load_explicit(&process->sandboxed, relaxed);
	enum sf_realism realism = SF_KERNEL;

	for (unsigned i = 0; i < rule->action_count; i++) {
		const struct sf_action *action = &rule->actions[i];

		if (sandboxed && needs_no_kernel(action))
			continue;
		if (sandboxed)
			return SF_REALISM_NONE;
		if (c->socket && !sf_probe_same(c->fd, c->socket)) {
			sf_fd_set(c->fd, 0);
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

bool sf_wait_in_silence(struct sf_call *c, uint64_t ns)
{
	uint64_t limit_ns = c->mode == SF_TIMEOUT ? sf_probe_timeout(c->fd, c->operation == SF_SEND) : 0;
	uint64_t start_ns = sf_self_now_ns();

	for (;;) {
		uint64_t spent_ns = sf_self_now_ns() - start_ns;
		uint64_t end_ns = limit_ns && limit_ns < ns ? limit_ns : ns;

		if (spent_ns >= end_ns)
			return end_ns == ns ? false : decide(c, -1, c->operation == SF_CONNECT ? EINPROGRESS : EAGAIN);
		if (pause_for(NULL, end_ns == UINT64_MAX ? UINT64_MAX : end_ns - spent_ns) &&
		    sf_probe_handler(!limit_ns, sf_probe_blocked()))
			return decide(c, -1, EINTR);
	}
}

static bool hold(struct sf_call *c)
{
	bool sending = c->operation == SF_SEND || c->operation == SF_CONNECT;
	uint64_t until_ns = SF_HOLD_DECIDED | (c->hold_ns == UINT64_MAX ? UINT64_MAX : sf_self_now_ns() + c->hold_ns);

	if (!c->socket)
		return false;
	if (c->mode != SF_NONBLOCKING)
		return sf_wait_in_silence(c, c->hold_ns);
	sf_hold(c->fd, c->socket, sending, until_ns);
	/* A connect that gets no answer is under way; its end is seen when the silence is over. */
	if (c->operation == SF_CONNECT)
		return false;
	c->postponed = c->hold_ns != UINT64_MAX;
	return decide(c, -1, EAGAIN);
}

/* ---- the end of a connection ---- */

static void enter_state(struct sf_socket *socket, enum sf_socket_state state)
{
	atomic_store_explicit(&socket->state, state, memory_order_release);
	for (int i = 0; i < SF_OPERATION_COUNT; i++)
		if (i != SF_RESOLVE && i != SF_PROCESS && i != SF_POLL && i != SF_SOCKET)
			atomic_fetch_or_explicit(&sf_arena->watch[i], SF_WATCH_MEND, relaxed);
}

static void remember_name(struct sf_call *c)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;

	if (sf_sys(SYS_getsockname, c->fd, &address, &length) == 0 &&
	    sf_endpoint_from(&c->socket->local, (struct sockaddr *)&address, length))
		atomic_store_explicit(&c->socket->mended, 1, relaxed);
}

/* The kernel sends a RST, sets ECONNRESET, wakes every poller and from there on answers as after a real one; it forgets
 * an automatically bound local address and what was queued (transcripts B1, B2). */
static bool reset_tcp(struct sf_call *c)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	remember_name(c);
	enter_state(c->socket, SF_DYING);
	sf_ending_begins();
	bool done = sf_sys(SYS_connect, c->fd, &none, sizeof none) == 0;

	if (done)
		sf_sys(SYS_shutdown, c->fd, SHUT_RDWR);
	atomic_store_explicit(&c->socket->state, done ? SF_DEAD : SF_LIVE, memory_order_release);
	sf_ending_is_over();
	return done;
}

/* Unix sockets have no RST: both directions end, and the error is told once. It is there before the end is seen: a
 * reader that waits wakes with the end, and tells the error (mend.c). */
static bool reset_unix(struct sf_call *c)
{
	if (c->operation != SF_RECV)
		atomic_store_explicit(&c->socket->error_to, ECONNRESET, relaxed);
	enter_state(c->socket, SF_DEAD);
	sf_sys(SYS_shutdown, c->fd, SHUT_RDWR);
	if (c->operation == SF_RECV) {
		/* As on TCP, what is queued counts as never having come: the rule named this call. */
		sf_swallow(c->fd);
		return decide(c, -1, ECONNRESET);
	}
	return false; /* a send says EPIPE by itself; recv then gives what is queued, the error (mend.c), and 0 */
}

/* Whom a RST finds waiting in a receiving call learns it first, and takes the error; our call then finds what is left,
 * as the next one would (transcript A10). It is woken already: it has a second to get the processor. */
static void let_reader_take_it(const struct sf_call *c)
{
	for (int i = 0; i < 5000 && sf_probe_error(c->fd); i++)
		pause_for(NULL, 200000);
}

static bool reset(struct sf_call *c)
{
	if (c->family == SF_UNIX)
		return reset_unix(c);
	bool is_read = sf_probe_reader(c->socket_index);

	c->refused = !reset_tcp(c); /* some kernels say EBUSY while a thread waits in the socket */
	if (is_read && !c->refused)
		let_reader_take_it(c);
	return false; /* the kernel's own ECONNRESET answers the call */
}

/* As reset, but the error is another one, and it was taken by this call. */
static bool end_with(struct sf_call *c, int err)
{
	if (c->family == SF_UNIX) {
		sf_sys(SYS_shutdown, c->fd, SHUT_RDWR);
		enter_state(c->socket, SF_DEAD);
	} else {
		c->refused = !reset_tcp(c);
		if (c->refused)
			return false;
		sf_probe_take_error(c->fd);
	}
	/* EPIPE comes with SIGPIPE, from the kernel, as soon as the call is made on the dead socket. */
	return err == EPIPE ? false : decide(c, -1, err);
}

/* ---- fail ---- */

/* A connect to a bound port on which nobody listens is refused by the kernel itself: blocking or not, poll bits,
 * SO_ERROR, edge and local port are real (transcript O1). The port lives for the length of the call. */
static bool refused_port(struct sf_call *c, struct sockaddr_storage *address, socklen_t *length, int *helper)
{
	bool six = c->family == SF_INET6;

	memset(address, 0, sizeof *address);
	if (six)
		*(struct sockaddr_in6 *)address =
		    (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	else
		*(struct sockaddr_in *)address =
		    (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	*length = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	*helper = (int)sf_sys(SYS_socket, six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *helper >= 0 && sf_sys(SYS_bind, *helper, address, *length) == 0 &&
	       sf_sys(SYS_getsockname, *helper, address, length) == 0;
}

static bool refuse_connect(struct sf_call *c, int err)
{
	struct sockaddr_storage address;
	socklen_t length;
	int helper;

	if (!refused_port(c, &address, &length, &helper)) {
		if (helper >= 0)
			sf_sys(SYS_close, helper);
		return decide(c, -1, err);
	}
	long result = sf_sys(SYS_connect, c->fd, &address, length);

	sf_sys(SYS_close, helper);
	if (result == -ECONNREFUSED)
		return decide(c, -1, err);
	if (result == -EINPROGRESS && err != ECONNREFUSED) {
		atomic_store_explicit(&c->socket->error_from, ECONNREFUSED, relaxed);
		atomic_store_explicit(&c->socket->error_to, err, relaxed);
		enter_state(c->socket, SF_DEAD);
	}
	return decide(c, result < 0 ? -1 : 0, result < 0 ? (int)-result : 0);
}

/* An interrupted connect goes on by itself: a second one says EALREADY, then EISCONN (transcript C6). */
static bool interrupt_connect(struct sf_call *c)
{
	long flags = sf_sys(SYS_fcntl, c->fd, F_GETFL);

	if (c->family != SF_UNIX) {
		sf_sys(SYS_fcntl, c->fd, F_SETFL, flags | O_NONBLOCK);
		sf_sys(SYS_connect, c->fd, c->address, c->address_length);
		sf_sys(SYS_fcntl, c->fd, F_SETFL, flags);
	}
	return decide(c, -1, EINTR);
}

static bool fail_connect(struct sf_call *c, int err)
{
	if (err == EINTR)
		return interrupt_connect(c);
	if (err == EINPROGRESS || err == EALREADY)
		return false;
	if (c->on == SF_ON_TCP && (err == ECONNREFUSED || err == ETIMEDOUT || err == ECONNABORTED))
		return refuse_connect(c, err);
	return decide(c, -1, err);
}

static bool takes_one_out(int err)
{
	return err != EMFILE && err != ENFILE && err != ENOBUFS && err != ENOMEM && err != EAGAIN && err != EINTR;
}

/* Errors that belong to one connection take it out of the queue; it is reset. The others leave it there. */
static bool fail_accept(struct sf_call *c, int err)
{
	struct linger at_once = {1, 0};

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
	if (stream && c->family != SF_UNIX && err == ECONNRESET)
		return reset(c);
	if (stream && c->family == SF_UNIX && err == ECONNRESET)
		return reset_unix(c);
	if (stream && ends_connection(err))
		return end_with(c, err);
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
		return fail_connect(c, err);
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

/* ---- the peer ends ---- */

static bool end_of_peer(struct sf_call *c, enum sf_socket_state state)
{
	sf_sys(SYS_shutdown, c->fd, SHUT_RD);
	enter_state(c->socket, state);
	return sf_mend_before(c);
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

static uint64_t moved(const struct sf_call *c)
{
	uint64_t sum = 0;

	if (c->shape != SF_SHAPE_MESSAGES)
		return (uint64_t)c->ret;
	for (int i = 0; i < c->ret; i++)
		sum += c->mmsg[i].msg_len;
	return sum;
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
	uint64_t until_ns = from_ns + transfer_ns(c, moved(c));

	sf_hold(c->fd, c->socket, c->operation == SF_SEND, until_ns & ~SF_HOLD_DECIDED);
}

/* ---- before, after ---- */

bool sf_effect_before(struct sf_call *c)
{
	if (c->delay_ns)
		sleep_ns(c->delay_ns);
	if (c->signal)
		raise_signal(c->signal);
	if (c->wishes & SF_WISH_RAW)
		return decide(c, c->operation == SF_RESOLVE ? -c->err : -1, c->err);
	if (c->latency_ns && c->socket && arrive_later(c))
		return true;
	if (c->rate && c->socket && !c->wishes)
		slow_down(c);
	if (c->wishes & SF_WISH_HOLD && hold(c))
		return true;
	if (c->wishes & SF_WISH_FAIL) {
		bool decided = fail(c);

		if (decided && c->err == EAGAIN)
			sf_epoll_rearm(c->fd);
		return decided;
	}
	if (c->wishes & SF_WISH_RESET)
		return reset(c);
	if (c->wishes & SF_WISH_SHUT_READ)
		return end_of_peer(c, SF_ENDED);
	if (c->wishes & SF_WISH_PEER_CLOSED)
		return end_of_peer(c, SF_PEER_CLOSED);
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
