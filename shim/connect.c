/* SPDX-License-Identifier: MIT
 *
 * connect.c -- see connect.h.
 */
#include "connect.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#include "core/fact.h"
#include "effect.h"
#include "end.h"
#include "hold.h"
#include "self.h"
#include "sys.h"

#define relaxed memory_order_relaxed

static bool decide(struct sf_call *c, int64_t ret, int err)
{
	c->ret = ret;
	c->err = err;
	return true;
}

/* ---- under way ---- */

/* The attempt goes on by itself, as it does when nobody waits for it any more. */
static long connect_behind(struct sf_call *c, const void *address, socklen_t length)
{
	long flags = sf_sys(SYS_fcntl, c->fd, F_GETFL);

	sf_sys(SYS_fcntl, c->fd, F_SETFL, flags | O_NONBLOCK);
	long result = sf_sys(SYS_connect, c->fd, address, length);

	sf_sys(SYS_fcntl, c->fd, F_SETFL, flags);
	return result;
}

/* What becomes of it is not seen before its time. */
static void hide(struct sf_call *c, uint64_t until_ns)
{
	atomic_fetch_or_explicit(&c->socket->mended, SF_MENDED_CONNECTING, relaxed);
	sf_end_watch();
	sf_hold(c->fd, c->socket, true, until_ns);
	sf_hold(c->fd, c->socket, false, until_ns);
}

static uint64_t in_time(uint64_t ns)
{
	return SF_HOLD_DECIDED | (ns == UINT64_MAX ? UINT64_MAX : sf_self_now_ns() + ns);
}

/* A non-blocking connect is under way, and its end is seen when the silence is over; so is one that a timeout or a
 * signal ends. Unix sockets have nothing under way. */
bool sf_connect_hold(struct sf_call *c)
{
	uint64_t until_ns = in_time(c->hold_ns);

	if (c->mode == SF_NONBLOCKING) {
		hide(c, until_ns);
		return false;
	}
	if (!sf_wait_in_silence(c, c->hold_ns))
		return false;
	if (c->family == SF_UNIX)
		return true;
	connect_behind(c, c->address, c->address_length);
	hide(c, until_ns);
	return true;
}

/* An interrupted connect goes on by itself: a second one says EALREADY, then EISCONN (transcript C6). */
static bool interrupt(struct sf_call *c)
{
	if (c->family != SF_UNIX)
		connect_behind(c, c->address, c->address_length);
	return decide(c, -1, EINTR);
}

/* ---- refused ---- */

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

/* Refused by the kernel; `behind`: nobody waits for it. The kernel's result. */
static long be_refused(struct sf_call *c, bool behind)
{
	struct sockaddr_storage address;
	socklen_t length;
	int helper;
	long result = -ENETDOWN;

	if (refused_port(c, &address, &length, &helper))
		result = behind ? connect_behind(c, &address, length) : sf_sys(SYS_connect, c->fd, &address, length);
	if (helper >= 0)
		sf_sys(SYS_close, helper);
	return result;
}

/* The kernel tells of a refusal later, and the program is to see another error. */
static void translate(struct sf_socket *socket, int err)
{
	if (err == ECONNREFUSED)
		return;
	atomic_store_explicit(&socket->error_to, err, relaxed);
	atomic_store_explicit(&socket->error_from, ECONNREFUSED, memory_order_release);
	sf_end_enter(socket, SF_DEAD);
}

static bool fail_at_once(struct sf_call *c, int err)
{
	long result = be_refused(c, false);

	if (result == -EINPROGRESS)
		translate(c->socket, err);
	return decide(c, -1, result == -EINPROGRESS ? EINPROGRESS : err);
}

/* A blocking connect fails when the time is over; one whose own timeout is over before, or that a signal ends, and a
 * non-blocking one are under way until then. */
static bool fail_in_time(struct sf_call *c, int err)
{
	uint64_t time_ns = c->delay_ns + c->latency_ns, until_ns = in_time(time_ns);
	int told = EINPROGRESS;

	if (c->mode != SF_NONBLOCKING && !sf_wait_in_silence(c, time_ns))
		return fail_at_once(c, err);
	if (c->mode != SF_NONBLOCKING)
		told = c->err;
	if (be_refused(c, true) == -EINPROGRESS)
		translate(c->socket, err);
	hide(c, until_ns);
	return decide(c, -1, told);
}

static bool is_told_by_the_network(const struct sf_call *c)
{
	switch (c->err) {
	case ECONNREFUSED:
	case ECONNABORTED:
	case ETIMEDOUT:
		return c->on == SF_ON_TCP;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return c->on == SF_ON_TCP && c->delay_ns + c->latency_ns; /* else it is known at once, and nothing changes */
	default:
		return false;
	}
}

bool sf_connect_takes_time(const struct sf_call *c)
{
	return c->operation == SF_CONNECT && c->wishes & SF_WISH_FAIL && c->socket && c->delay_ns + c->latency_ns &&
	       is_told_by_the_network(c);
}

bool sf_connect_fail(struct sf_call *c)
{
	int err = c->err;

	if (err == EINTR)
		return interrupt(c);
	if (err == EINPROGRESS || err == EALREADY)
		return false;
	if (err == EAGAIN && c->mode == SF_TIMEOUT && c->family == SF_UNIX)
		return sf_wait_in_silence(c, UINT64_MAX);
	if (!is_told_by_the_network(c))
		return decide(c, -1, err);
	return sf_connect_takes_time(c) ? fail_in_time(c, err) : fail_at_once(c, err);
}
