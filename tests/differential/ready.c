/* SPDX-License-Identifier: MIT
 *
 * ready.c -- readiness, asked in each of the ways that there are. All bits that can be asked for are asked for, and
 * nothing is waited for unless the step says how long.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "probe.h"

enum { ALL_BITS = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };

/* EPOLL bits are the POLL bits. */
static void say_bits(int bits)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {{POLLIN, "IN"},   {POLLOUT, "OUT"},   {POLLPRI, "PRI"},    {POLLERR, "ERR"},
	             {POLLHUP, "HUP"}, {POLLNVAL, "NVAL"}, {POLLRDHUP, "RDHUP"}};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (bits & names[i].bit)
			fprintf(out, " %s", names[i].name);
}

static short asked_bits(const char *word)
{
	return strcmp(word, "in") == 0 ? POLLIN : strcmp(word, "out") == 0 ? POLLOUT : ALL_BITS;
}

int wait_for_bits(int fd, short bits, int timeout_ms)
{
	struct pollfd one = {fd, bits, 0};

	return poll(&one, 1, timeout_ms) < 0 ? -1 : one.revents;
}

/* poll c [in|out|all [MS]] */
static void do_poll(const struct step *step)
{
	struct pollfd one = {*descriptor(step->words[1]), asked_bits(step->words[2]), 0};
	int ret = poll(&one, 1, number(step->words[3], 0));

	say_result(ret);
	say_bits(ret > 0 ? one.revents : 0);
}

static void do_ppoll(const struct step *step)
{
	int wait_ms = number(step->words[3], 0);
	struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
	struct pollfd one = {*descriptor(step->words[1]), asked_bits(step->words[2]), 0};
	int ret = ppoll(&one, 1, &wait, NULL);

	say_result(ret);
	say_bits(ret > 0 ? one.revents : 0);
}

struct sets {
	fd_set in, out, except;
};

static void fill(struct sets *sets, int fd, const char *asked)
{
	short bits = asked_bits(asked);

	memset(sets, 0, sizeof *sets);
	if (bits & POLLIN)
		FD_SET(fd, &sets->in);
	if (bits & POLLOUT)
		FD_SET(fd, &sets->out);
	FD_SET(fd, &sets->except);
}

static void say_sets(int ret, int fd, const struct sets *sets)
{
	say_result(ret);
	if (ret > 0)
		fprintf(
		    out, "%s%s%s", FD_ISSET(fd, &sets->in) ? " in" : "", FD_ISSET(fd, &sets->out) ? " out" : "",
		    FD_ISSET(fd, &sets->except) ? " except" : "");
}

static void do_select(const struct step *step)
{
	int fd = *descriptor(step->words[1]), wait_ms = number(step->words[3], 0);
	struct timeval wait = {wait_ms / 1000, wait_ms % 1000 * 1000L};
	struct sets sets;

	fill(&sets, fd, step->words[2]);
	say_sets(select(fd + 1, &sets.in, &sets.out, &sets.except, &wait), fd, &sets);
}

static void do_pselect(const struct step *step)
{
	int fd = *descriptor(step->words[1]), wait_ms = number(step->words[3], 0);
	struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
	struct sets sets;

	fill(&sets, fd, step->words[2]);
	say_sets(pselect(fd + 1, &sets.in, &sets.out, &sets.except, &wait, NULL), fd, &sets);
}

static uint32_t registration(const char *how, const char *asked)
{
	uint32_t bits = EPOLLIN | EPOLLOUT | EPOLLRDHUP;

	if (strcmp(asked, "in") == 0)
		bits = EPOLLIN;
	if (strcmp(how, "edge") == 0)
		return bits | EPOLLET;
	if (strcmp(how, "oneshot") == 0)
		return bits | EPOLLONESHOT;
	if (strcmp(how, "exclusive") == 0)
		return (bits & ~(unsigned)EPOLLRDHUP) | EPOLLEXCLUSIVE;
	return bits;
}

static int registered = -1; /* the last one */

/* register c level|edge|oneshot|exclusive [in]: into the epoll instance e, which is made for it. */
static void do_register(const struct step *step)
{
	struct epoll_event event = {.events = registration(step->words[2], step->words[3]), .data.u64 = 7};
	int *epoll = descriptor("e");

	if (!*epoll)
		*epoll = epoll_create1(EPOLL_CLOEXEC);
	registered = *descriptor(step->words[1]);
	say_result(epoll_ctl(*epoll, EPOLL_CTL_ADD, registered, &event));
}

static void do_again(const struct step *step)
{
	struct epoll_event event = {.events = registration(step->words[2], step->words[3]), .data.u64 = 7};

	say_result(epoll_ctl(*descriptor("e"), EPOLL_CTL_MOD, *descriptor(step->words[1]), &event));
}

/* What was waited for and makes a fault may still be at it: its two wakes are two edges to who comes between them, one
 * to all others. They are one. */
static void settle_edges(int epoll)
{
	struct epoll_event event;

	settle(registered);
	epoll_wait(epoll, &event, 1, 0);
}

/* epoll [MS] */
static void do_epoll(const struct step *step)
{
	struct epoll_event events[4];
	int epoll = *descriptor("e"), wait_ms = number(step->words[1], 0);
	int ret = epoll_wait(epoll, events, 4, wait_ms);

	if (is_native && wait_ms && ret > 0)
		settle_edges(epoll);
	say_result(ret);
	for (int i = 0; i < ret; i++) {
		say_bits((int)events[i].events);
		if (events[i].data.u64 != 7)
			fprintf(out, " of a stranger");
	}
}

/* await c BIT: until poll says so. */
static void do_await(const struct step *step)
{
	static const struct {
		const char *name;
		short bit;
	} bits[] = {{"in", POLLIN}, {"out", POLLOUT}, {"err", POLLERR}, {"hup", POLLHUP}, {"rdhup", POLLRDHUP}};
	struct pollfd one = {*descriptor(step->words[1]), 0, 0};
	short wanted = 0;

	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
		if (strcmp(bits[i].name, step->words[2]) == 0)
			wanted = bits[i].bit;
	one.events = wanted & (POLLERR | POLLHUP) ? 0 : wanted;
	for (int i = 0; i < 20 && !(one.revents & wanted); i++)
		poll(&one, 1, 1000);
	must(one.revents & wanted, "awaited in vain");
	if (is_native)
		settle(one.fd);
}

const struct verb ready_calls[] = {
    {"poll", do_poll},       {"ppoll", do_ppoll},       {"select", do_select},
    {"pselect", do_pselect}, {"register", do_register}, {"again", do_again},
    {"epoll", do_epoll},     {"await", do_await},       {NULL, NULL},
};
