/* SPDX-License-Identifier: MIT
 *
 * wrap/poll.c -- waiting for readiness. These are the real calls, whatever the number of descriptors, unless sockets of
 * this process are held back or its rules may hold some back at any time: then readiness.c waits in their place.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "evlog.h"
#include "gate.h"
#include "readiness.h"
#include "seen.h"

static struct timespec *from_ms(int timeout_ms, struct timespec *ts)
{
	*ts = (struct timespec){timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	return timeout_ms < 0 ? NULL : ts;
}

/* What is asked and answered, for the reader of the trace. What is asked is written down before the wait, so that one
 * which never ends shows it; how long it may take is the event's `offset`. */
enum { PART = SF_EXTENSION_PART / sizeof(struct sf_polled), SHOWN = SF_POLLED_SHOWN };

_Static_assert(SHOWN % PART == 0, "whole extension records");

struct note {
	struct sf_extension *parts[SHOWN / PART];
	unsigned count;
};

static void note_one(struct sf_call *c, struct note *note, struct sf_polled one)
{
	struct sf_extension *part = note->parts[note->count / PART];
	unsigned place = note->count % PART;

	if (place == 0)
		note->parts[note->count / PART] =
		    sf_event_extend_part(c->event, SF_EXTENSION_POLL, note->count / PART, &one, sizeof one);
	else if (part)
		memcpy(part->data + place * sizeof one, &one, sizeof one), part->length = (uint8_t)((place + 1) * sizeof one);
	note->count++;
}

static void note_answer(struct note *note, unsigned index, uint16_t revents)
{
	struct sf_extension *part = note->parts[index / PART];

	if (part)
		memcpy(
		    part->data + index % PART * sizeof(struct sf_polled) + offsetof(struct sf_polled, revents), &revents,
		    sizeof revents);
}

/* The descriptor that was noted there; -1: none, or there was no room. */
static int noted(const struct note *note, unsigned index)
{
	const struct sf_extension *part = index < note->count ? note->parts[index / PART] : NULL;
	struct sf_polled one = {.fd = -1};

	if (part)
		memcpy(&one, part->data + index % PART * sizeof one, sizeof one);
	return one.fd;
}

/* In poll's milliseconds, and in those of epoll_wait; UINT64_MAX: no limit. */
static uint64_t limit_of(int timeout_ms)
{
	return timeout_ms < 0 ? UINT64_MAX : (uint64_t)timeout_ms * 1000000;
}

static uint64_t limit_in(const struct timespec *timeout)
{
	return sf_readable(timeout) ? (uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_nsec : UINT64_MAX;
}

static bool begin_poll(struct sf_call *c, const struct pollfd *fds, nfds_t count, uint64_t limit_ns, struct note *note)
{
	bool is_over = sf_enter(c);

	note->count = 0;
	if (!c->event)
		return is_over;
	c->event->offset = limit_ns;
	for (nfds_t i = 0; sf_readable(fds) && i < count && note->count < SHOWN; i++)
		if (fds[i].fd >= 0 && (count <= SHOWN || sf_seen_matters(fds[i].fd)))
			note_one(c, note, (struct sf_polled){fds[i].fd, (uint16_t)fds[i].events, 0});
	return is_over;
}

/* Of many those are noted as well of which something is told. */
static int polled(struct sf_call *c, struct pollfd *fds, nfds_t count, int ready, struct note *note)
{
	unsigned n = 0, before = note->count;

	sf_seen_poll(fds, count, ready);
	for (nfds_t i = 0; c->event && ready > 0 && i < count; i++)
		if (n < before && fds[i].fd == noted(note, n))
			note_answer(note, n++, (uint16_t)fds[i].revents);
		else if (fds[i].fd >= 0 && fds[i].revents && note->count < SHOWN)
			note_one(c, note, (struct sf_polled){fds[i].fd, (uint16_t)fds[i].events, (uint16_t)fds[i].revents});
	return (int)sf_leave(c, ready);
}

SF_WATCHED int watched_poll(struct pollfd *fds, nfds_t count, int timeout, const void *site)
{
	struct sf_wait wait = {.fds = fds, .count = count};
	struct sf_call c = SF_CALL_PLAIN(poll, site, -1, .asked = count, .wait = &wait);
	struct timespec ts;
	struct note note;

	if (begin_poll(&c, fds, count, limit_of(timeout), &note))
		return (int)c.ret;
	return polled(
	    &c, fds, count,
	    sf_waits_are_ours(NULL) ? sf_held_poll(fds, count, from_ms(timeout, &ts), NULL)
	                            : real_poll(fds, count, timeout),
	    &note);
}

/* Rules may hold something back, and nothing is. */
SF_WATCHED int plain_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int found = real_poll(fds, count, timeout);

	return found <= 0 ? found : sf_found_poll(fds, count, timeout, found);
}

SF_EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	uint64_t why = sf_watch_of(SF_POLL);

	if (__builtin_expect(why == 0, 1))
		return real_poll(fds, count, timeout);
	if (sf_wait_is_plain(why, timeout))
		return plain_poll(fds, count, timeout);
	return watched_poll(fds, count, timeout, SF_SITE);
}

SF_WATCHED int watched_poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room, const void *site)
{
	struct sf_wait wait = {.fds = fds, .count = count};
	struct sf_call c = SF_CALL_PLAIN(__poll_chk, site, -1, .asked = count, .wait = &wait);
	struct timespec ts;
	struct note note;

	if (begin_poll(&c, fds, count, limit_of(timeout), &note))
		return (int)c.ret;
	return polled(
	    &c, fds, count,
	    sf_waits_are_ours(NULL) ? sf_held_poll(fds, count, from_ms(timeout, &ts), NULL)
	                            : real___poll_chk(fds, count, timeout, room),
	    &note);
}

SF_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room)
{
	if (sf_unwatched(SF_POLL))
		return real___poll_chk(fds, count, timeout, room);
	return watched_poll_chk(fds, count, timeout, room, SF_SITE);
}

SF_WATCHED int
watched_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, const void *site)
{
	struct sf_wait wait = {.fds = fds, .count = count};
	struct sf_call c = SF_CALL_PLAIN(ppoll, site, -1, .asked = count, .wait = &wait);
	struct note note;

	if (begin_poll(&c, fds, count, limit_in(timeout), &note))
		return (int)c.ret;
	return polled(
	    &c, fds, count,
	    sf_waits_are_ours(timeout) ? sf_held_poll(fds, count, timeout, mask) : real_ppoll(fds, count, timeout, mask),
	    &note);
}

SF_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	if (sf_unwatched(SF_POLL))
		return real_ppoll(fds, count, timeout, mask);
	return watched_ppoll(fds, count, timeout, mask, SF_SITE);
}

SF_WATCHED int watched_ppoll_chk(
    struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t room,
    const void *site)
{
	struct sf_wait wait = {.fds = fds, .count = count};
	struct sf_call c = SF_CALL_PLAIN(__ppoll_chk, site, -1, .asked = count, .wait = &wait);
	struct note note;

	if (begin_poll(&c, fds, count, limit_in(timeout), &note))
		return (int)c.ret;
	return polled(
	    &c, fds, count,
	    sf_waits_are_ours(timeout) ? sf_held_poll(fds, count, timeout, mask)
	                               : real___ppoll_chk(fds, count, timeout, mask, room),
	    &note);
}

SF_EXPORT int
__ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t room)
{
	if (sf_unwatched(SF_POLL))
		return real___ppoll_chk(fds, count, timeout, mask, room);
	return watched_ppoll_chk(fds, count, timeout, mask, room, SF_SITE);
}

/* Descriptor sets as poll would show them; the sets are what was asked before the call and what was answered after it.
 */
struct sets {
	int count;
	fd_set *in, *out, *except;
};

static uint16_t bits_of(const struct sets *sets, int fd)
{
	return (
	    uint16_t)((sf_readable(sets->in) && FD_ISSET(fd, sets->in) ? POLLIN : 0) | (sf_readable(sets->out) && FD_ISSET(fd, sets->out) ? POLLOUT : 0) | (sf_readable(sets->except) && FD_ISSET(fd, sets->except) ? POLLPRI : 0));
}

static bool begin_select(struct sf_call *c, const struct sets *sets, uint64_t limit_ns, struct note *note)
{
	bool is_over = sf_enter(c);

	note->count = 0;
	if (!c->event)
		return is_over;
	c->event->offset = limit_ns;
	for (int fd = 0; fd < sets->count && fd < FD_SETSIZE && note->count < SHOWN; fd++)
		if (bits_of(sets, fd))
			note_one(c, note, (struct sf_polled){fd, bits_of(sets, fd), 0});
	return is_over;
}

static int selected(struct sf_call *c, const struct sets *sets, int ready, struct note *note)
{
	for (unsigned i = 0; i < note->count && ready > 0; i++)
		if (noted(note, i) >= 0)
			note_answer(note, i, bits_of(sets, noted(note, i)));
	return (int)sf_leave(c, ready);
}

static uint64_t limit_of_select(const struct timeval *timeout)
{
	return sf_readable(timeout) ? (uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_usec * 1000
	                            : UINT64_MAX;
}

/* Linux writes the time that is left into select's timeout; musl keeps it from the program. */
static int held_select(const struct sets *sets, struct timeval *timeout)
{
	struct timespec ts = {0};
	uint64_t start_ns = sf_self_now_ns();

	if (timeout)
		ts = (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000L};
	int ready = sf_held_select(sets->count, sets->in, sets->out, sets->except, timeout ? &ts : NULL, NULL);

	if (timeout && gnu_get_libc_version) {
		uint64_t given_us = (uint64_t)timeout->tv_sec * 1000000 + (uint64_t)timeout->tv_usec;
		uint64_t spent_us = (sf_self_now_ns() - start_ns) / 1000;
		uint64_t left_us = spent_us < given_us ? given_us - spent_us : 0;

		*timeout = (struct timeval){(time_t)(left_us / 1000000), (suseconds_t)(left_us % 1000000)};
	}
	return ready;
}

SF_WATCHED int
watched_select(int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout, const void *site)
{
	fd_set *const three[] = {in, out, except};
	struct sf_wait wait = {.sets = three, .count = (size_t)count};
	struct sf_call c = SF_CALL_PLAIN(select, site, -1, .asked = (size_t)count, .wait = &wait);
	struct sets sets = {count, in, out, except};
	struct note note;

	if (begin_select(&c, &sets, limit_of_select(timeout), &note))
		return (int)c.ret;
	return selected(
	    &c, &sets,
	    sf_selects_are_ours(timeout) ? held_select(&sets, timeout) : real_select(count, in, out, except, timeout),
	    &note);
}

SF_EXPORT int select(int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
	if (sf_unwatched(SF_POLL))
		return real_select(count, in, out, except, timeout);
	return watched_select(count, in, out, except, timeout, SF_SITE);
}

SF_WATCHED int watched_pselect(
    int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout, const sigset_t *mask,
    const void *site)
{
	fd_set *const three[] = {in, out, except};
	struct sf_wait wait = {.sets = three, .count = (size_t)count};
	struct sf_call c = SF_CALL_PLAIN(pselect, site, -1, .asked = (size_t)count, .wait = &wait);
	struct sets sets = {count, in, out, except};
	struct note note;

	if (begin_select(&c, &sets, limit_in(timeout), &note))
		return (int)c.ret;
	return selected(
	    &c, &sets,
	    sf_selects_are_ours(timeout) ? sf_held_select(count, in, out, except, timeout, mask)
	                                 : real_pselect(count, in, out, except, timeout, mask),
	    &note);
}

SF_EXPORT int
pselect(int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout, const sigset_t *mask)
{
	if (sf_unwatched(SF_POLL))
		return real_pselect(count, in, out, except, timeout, mask);
	return watched_pselect(count, in, out, except, timeout, mask, SF_SITE);
}

/* ---- epoll ---- */

static bool begin_epoll(struct sf_call *c, uint64_t limit_ns)
{
	bool is_over = sf_enter(c);

	if (c->event)
		c->event->offset = limit_ns;
	return is_over;
}

static int waited(struct sf_call *c, struct epoll_event *events, int ready)
{
	enum { EPOLL_SHOWN = 14 };
	struct sf_epolled shown[EPOLL_SHOWN];
	int n = 0;

	sf_seen_epoll(c->fd, events, ready);
	for (; c->event && n < ready && n < EPOLL_SHOWN; n++)
		shown[n] = (struct sf_epolled){events[n].data.u64, events[n].events, -1};
	if (n > 0)
		sf_event_extend(c->event, SF_EXTENSION_EPOLL, shown, (size_t)n * sizeof shown[0]);
	return (int)sf_leave(c, ready);
}

SF_WATCHED int watched_epoll_wait(int epfd, struct epoll_event *events, int count, int timeout, const void *site)
{
	struct sf_wait wait = {.at_once = timeout == 0};
	struct sf_call c = SF_CALL_PLAIN(epoll_wait, site, epfd, .asked = (size_t)count, .wait = &wait);
	struct timespec ts;

	if (begin_epoll(&c, limit_of(timeout)))
		return (int)c.ret;
	return waited(
	    &c, events,
	    sf_waits_are_ours(NULL) ? sf_held_epoll(epfd, events, count, from_ms(timeout, &ts), NULL)
	                            : real_epoll_wait(epfd, events, count, timeout));
}

/* Rules may hold something back, and nothing is. */
SF_WATCHED int plain_epoll_wait(int epfd, struct epoll_event *events, int count, int timeout)
{
	int found = real_epoll_wait(epfd, events, count, timeout);

	return found <= 0 ? found : sf_found_epoll(epfd, events, count, timeout, found);
}

SF_EXPORT int epoll_wait(int epfd, struct epoll_event *events, int count, int timeout)
{
	uint64_t why = sf_watch_of(SF_POLL);

	if (__builtin_expect(why == 0, 1))
		return real_epoll_wait(epfd, events, count, timeout);
	if (sf_wait_is_plain(why, timeout))
		return plain_epoll_wait(epfd, events, count, timeout);
	return watched_epoll_wait(epfd, events, count, timeout, SF_SITE);
}

SF_WATCHED int watched_epoll_pwait(
    int epfd, struct epoll_event *events, int count, int timeout, const sigset_t *mask, const void *site)
{
	struct sf_wait wait = {.at_once = timeout == 0};
	struct sf_call c = SF_CALL_PLAIN(epoll_pwait, site, epfd, .asked = (size_t)count, .wait = &wait);
	struct timespec ts;

	if (begin_epoll(&c, limit_of(timeout)))
		return (int)c.ret;
	return waited(
	    &c, events,
	    sf_waits_are_ours(NULL) ? sf_held_epoll(epfd, events, count, from_ms(timeout, &ts), mask)
	                            : real_epoll_pwait(epfd, events, count, timeout, mask));
}

SF_EXPORT int epoll_pwait(int epfd, struct epoll_event *events, int count, int timeout, const sigset_t *mask)
{
	if (sf_unwatched(SF_POLL))
		return real_epoll_pwait(epfd, events, count, timeout, mask);
	return watched_epoll_pwait(epfd, events, count, timeout, mask, SF_SITE);
}

SF_WATCHED int watched_epoll_pwait2(
    int epfd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask,
    const void *site)
{
	struct sf_wait wait = {.timeout = timeout};
	struct sf_call c = SF_CALL_PLAIN(epoll_pwait2, site, epfd, .asked = (size_t)count, .wait = &wait);

	if (begin_epoll(&c, limit_in(timeout)))
		return (int)c.ret;
	return waited(
	    &c, events,
	    sf_waits_are_ours(timeout) ? sf_held_epoll(epfd, events, count, timeout, mask)
	                               : real_epoll_pwait2(epfd, events, count, timeout, mask));
}

SF_EXPORT int
epoll_pwait2(int epfd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask)
{
	if (sf_unwatched(SF_POLL))
		return real_epoll_pwait2(epfd, events, count, timeout, mask);
	return watched_epoll_pwait2(epfd, events, count, timeout, mask, SF_SITE);
}

SF_WATCHED int watched_epoll_create(int size, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(epoll_create, site, -1, .asked = (size_t)size);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_epoll_create(size));
}

static int made(int instance)
{
	sf_epoll_made(instance);
	return instance;
}

SF_EXPORT int epoll_create(int size)
{
	return made(sf_unwatched(SF_POLL) ? real_epoll_create(size) : watched_epoll_create(size, SF_SITE));
}

SF_WATCHED int watched_epoll_create1(int flags, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(epoll_create1, site, -1, .flags = flags);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_epoll_create1(flags));
}

SF_EXPORT int epoll_create1(int flags)
{
	return made(sf_unwatched(SF_POLL) ? real_epoll_create1(flags) : watched_epoll_create1(flags, SF_SITE));
}

SF_WATCHED int watched_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(epoll_ctl, site, epfd, .asked = (size_t)fd, .flags = op);

	if (sf_enter(&c))
		return (int)c.ret;
	int ret = sf_epoll_control(epfd, op, fd, event);

	if (c.event && ret == 0 && op != EPOLL_CTL_DEL) {
		struct sf_epolled one = {event->data.u64, event->events, fd};

		sf_event_extend(c.event, SF_EXTENSION_EPOLL, &one, sizeof one);
	}
	return (int)sf_leave(&c, ret);
}

/* Registrations are followed always: a fault may have to give one its edge again. */
SF_EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	if (sf_unwatched(SF_POLL))
		return sf_epoll_control_shown(epfd, op, fd, event);
	return watched_epoll_ctl(epfd, op, fd, event, SF_SITE);
}

SF_EXPORT int __poll(struct pollfd *fds, nfds_t count, int timeout) __attribute__((alias("poll")));
SF_EXPORT int __select(int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
    __attribute__((alias("select")));
