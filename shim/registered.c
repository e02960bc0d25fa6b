/* SPDX-License-Identifier: MIT
 *
 * registered.c -- see registered.h. A descriptor has one registration as a rule; those in further instances are chained
 * to it. Places are never given back, only used again for the same number.
 *
 * ERR and HUP can't be masked, and a silence hides them too: what would bring them is on its way like everything else.
 * So a registration of which nothing is left is taken out, and put in again afterwards. Where a direction is left that
 * is not silent, ERR and HUP come with it: a reset ends both.
 *
 * EPOLLONESHOT: the kernel disables it when it fires, and the program alone enables it (its threads rely on that). So a
 * silence that begins leaves it alone; what the program enables during a silence is shown in part, and the rest after
 * it only if it has not fired since.
 */
#include "registered.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "probe.h"
#include "readiness.h"
#include "real.h"
#include "sys.h"

#define relaxed memory_order_relaxed
#define IN_BITS (EPOLLIN | EPOLLRDNORM | EPOLLRDBAND | EPOLLRDHUP | EPOLLPRI)
#define OUT_BITS (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

/* The word: the instance's number plus one (0: nothing is registered), how it is shown, and a version that every change
 * moves on. */
#define NUMBER_BITS 21
#define SHOWN_BITS 3
#define VERSION_ONE (1u << (NUMBER_BITS + SHOWN_BITS))
enum { TAKEN_OUT = 4 }; /* shown: SF_SILENT_ bits that are masked, or this */

struct registration {
	_Atomic uint32_t word;
	_Atomic uint32_t events; /* as the program asked */
	_Atomic uint64_t data;
};

#define FURTHER_MAX 8192

struct further {
	struct registration registration;
	_Atomic uint16_t next;
};

_Atomic uint64_t sf_epoll_known[SF_FDS / 64];
_Atomic int sf_epoll_top;

static struct registration registered[SF_FDS];
static _Atomic uint16_t further_of[SF_FDS]; /* index of the first further one, 0: none */
static struct further further[FURTHER_MAX];
static _Atomic uint32_t further_used = 1;

/* Numbers of epoll instances. */
static _Atomic uint64_t instances[SF_FDS / 64];

/* Moved on before and after each change of ours: the program's own epoll_ctl sees that one came between. */
static _Atomic uint32_t changes;

/* ---- the table ---- */

static int instance_of(uint32_t word)
{
	return (int)(word & ((1u << NUMBER_BITS) - 1)) - 1;
}

static unsigned shown_of(uint32_t word)
{
	return word >> NUMBER_BITS & ((1u << SHOWN_BITS) - 1);
}

static uint32_t word_for(uint32_t before, int epfd, unsigned shown)
{
	uint32_t version = before & ~(VERSION_ONE - 1);

	return (version + VERSION_ONE) | shown << NUMBER_BITS | (uint32_t)(epfd + 1);
}

static struct registration *after(int fd, struct registration *one)
{
	uint32_t next = one == &registered[fd] ? atomic_load(&further_of[fd]) : atomic_load(&((struct further *)one)->next);

	return next ? &further[next].registration : NULL;
}

#define FOR_EACH(one, fd) for (struct registration *one = &registered[fd]; one; one = after(fd, one))

static struct registration *find(int epfd, int fd)
{
	FOR_EACH(one, fd)
	if (instance_of(atomic_load_explicit(&one->word, relaxed)) == epfd)
		return one;
	return NULL;
}

static bool claim(struct registration *one, int epfd)
{
	uint32_t word = atomic_load(&one->word);

	return instance_of(word) < 0 && atomic_compare_exchange_strong(&one->word, &word, word_for(word, epfd, 0));
}

/* NULL: no room, the registration is not followed. */
static struct registration *enter(int epfd, int fd)
{
	FOR_EACH(one, fd)
	if (claim(one, epfd))
		return one;
	uint32_t index = atomic_load(&further_used);

	do
		if (index >= FURTHER_MAX)
			return NULL;
	while (!atomic_compare_exchange_weak(&further_used, &index, index + 1));
	uint16_t head = atomic_load(&further_of[fd]);

	atomic_store(&further[index].registration.word, word_for(0, epfd, 0));
	do
		atomic_store(&further[index].next, head);
	while (!atomic_compare_exchange_weak(&further_of[fd], &head, (uint16_t)index));
	return &further[index].registration;
}

static void mark(int fd)
{
	int top = atomic_load_explicit(&sf_epoll_top, relaxed);

	if (!sf_epoll_knows(fd))
		atomic_fetch_or_explicit(&sf_epoll_known[fd / 64], UINT64_C(1) << (fd % 64), relaxed);
	while (fd >= top && !atomic_compare_exchange_weak_explicit(&sf_epoll_top, &top, fd + 1, relaxed, relaxed))
		;
}

static void clear(struct registration *one)
{
	uint32_t word = atomic_load(&one->word);

	while (instance_of(word) >= 0 && !atomic_compare_exchange_weak(&one->word, &word, word_for(word, -1, 0)))
		;
}

static void keep(struct registration *one, int epfd, const struct epoll_event *event, unsigned shown)
{
	uint32_t word = atomic_load(&one->word);

	atomic_store(&one->events, event->events);
	atomic_store(&one->data, event->data.u64);
	while (!atomic_compare_exchange_weak(&one->word, &word, word_for(word, epfd, shown)))
		;
}

/* ---- what may be shown ---- */

static uint32_t bits_of(unsigned silent)
{
	return (silent & SF_SILENT_IN ? IN_BITS : 0) | (silent & SF_SILENT_OUT ? OUT_BITS : 0);
}

static unsigned wanted(uint32_t events, unsigned silent)
{
	uint32_t hidden = events & bits_of(silent);

	if (!hidden)
		return 0;
	return events & (IN_BITS | OUT_BITS) & ~hidden ? silent : TAKEN_OUT;
}

static uint32_t masked(uint32_t events, unsigned shown)
{
	return events & ~bits_of(shown == TAKEN_OUT ? SF_SILENT_IN | SF_SILENT_OUT : shown);
}

static long control(int epfd, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	return sf_sys(SYS_epoll_ctl, epfd, op, fd, &event);
}

/* /proc/self/fdinfo has a line for each registration: "tfd: 4 events: 40000019 data: 4 ...". */
struct scan {
	char word[24];
	unsigned length;
	char named; /* what the last word announced: 't' a descriptor, 'e' conditions */
	int fd;
	uint32_t events;
};

static uint32_t number(const char *word, unsigned base)
{
	uint32_t n = 0;

	for (; *word; word++)
		n = n * base + (unsigned)(*word <= '9' ? *word - '0' : *word - 'a' + 10);
	return n;
}

static void end_word(struct scan *scan, int fd)
{
	if (scan->length == 0)
		return;
	scan->word[scan->length] = '\0';
	if (scan->named == 't')
		scan->fd = (int)number(scan->word, 10);
	else if (scan->named == 'e' && scan->fd == fd)
		scan->events = number(scan->word, 16);
	scan->named = scan->word[scan->length - 1] == ':' ? scan->word[0] : 0;
	scan->length = 0;
}

/* Has an EPOLLONESHOT registration not fired yet? One that has is left without conditions; ERR is always among those of
 * another. */
static bool is_armed(int epfd, int fd)
{
	struct scan scan = {.fd = -1};
	char chunk[512], path[40] = "/proc/self/fdinfo/";
	char *end = path + sizeof path - 1;
	long length;
	char *digit = end;

	*end = '\0';
	for (int rest = epfd; digit == end || rest; rest /= 10)
		*--digit = (char)('0' + rest % 10);
	memmove(path + 18, digit, (size_t)(end - digit) + 1);
	long info = sf_sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	while (info >= 0 && (length = sf_sys(SYS_read, info, chunk, sizeof chunk)) > 0)
		for (long i = 0; i < length; i++) {
			if (chunk[i] == ' ' || chunk[i] == '\t' || chunk[i] == '\n')
				end_word(&scan, fd);
			else if (scan.length < sizeof scan.word - 1)
				scan.word[scan.length++] = chunk[i];
		}
	if (info >= 0)
		sf_sys(SYS_close, info);
	return scan.events & EPOLLERR;
}

/* ---- changing what the kernel knows ---- */

/* False: there is no such registration any more (its number was closed where nobody saw it). */
static bool change(int epfd, int fd, const struct registration *one, unsigned from, unsigned to)
{
	uint32_t events = atomic_load(&one->events);
	uint64_t data = atomic_load(&one->data);
	uint32_t shown = masked(events, to);

	if (to == TAKEN_OUT)
		return from == TAKEN_OUT || sf_sys(SYS_epoll_ctl, epfd, EPOLL_CTL_DEL, fd, NULL) == 0;
	if (from == TAKEN_OUT) {
		long result = control(epfd, EPOLL_CTL_ADD, fd, shown, data);

		return result == 0 || result == -EEXIST;
	}
	if (events & EPOLLONESHOT && !is_armed(epfd, fd))
		return true;
	if (events & EPOLLEXCLUSIVE) { /* can't be modified */
		sf_sys(SYS_epoll_ctl, epfd, EPOLL_CTL_DEL, fd, NULL);
		return control(epfd, EPOLL_CTL_ADD, fd, shown, data) == 0;
	}
	return control(epfd, EPOLL_CTL_MOD, fd, shown, data) == 0;
}

/* Of an EPOLLONESHOT registration only more is shown than before, of what the program enabled during a silence. */
static bool is_to_be_left(uint32_t events, unsigned from, unsigned to)
{
	return events & EPOLLONESHOT && (!from || to == TAKEN_OUT || (from != TAKEN_OUT && to & ~from));
}

/* Shows one registration as it has to be now; `again`: also if it is shown so already, for its edge. Whoever changes it
 * meanwhile moves the word on, and then it is looked at once more. */
static void show(int fd, struct registration *one, bool again)
{
	enum { PATIENCE = 16 };
	int put_in = -1; /* the instance to which it was added */

	for (int i = 0; i < PATIENCE; i++) {
		uint32_t word = atomic_load(&one->word), events = atomic_load(&one->events);
		int epfd = instance_of(word);
		unsigned from = shown_of(word), to = wanted(events, sf_silence(fd));

		if (epfd < 0 && put_in >= 0) /* the program has removed it in between */
			sf_sys(SYS_epoll_ctl, put_in, EPOLL_CTL_DEL, fd, NULL);
		if (epfd < 0 || is_to_be_left(events, from, to) || (from == to && (!again || to == TAKEN_OUT)))
			return;
		uint32_t next = word_for(word, epfd, to);

		if (!atomic_compare_exchange_strong(&one->word, &word, next))
			continue;
		atomic_fetch_add(&changes, 1);
		bool there = change(epfd, fd, one, from, to);

		atomic_fetch_add(&changes, 1);
		put_in = from == TAKEN_OUT ? epfd : -1;
		if (!there && atomic_compare_exchange_strong(&one->word, &next, word_for(next, -1, 0)))
			return;
		if (there && atomic_load(&one->word) == next)
			return;
		again = true;
	}
}

void sf_epoll_show(int fd)
{
	if (!sf_epoll_knows(fd))
		return;
	FOR_EACH(one, fd)
	show(fd, one, false);
}

void sf_epoll_rearm(int fd)
{
	if (!sf_epoll_knows(fd))
		return;
	FOR_EACH(one, fd)
	if (atomic_load(&one->events) & EPOLLET)
		show(fd, one, true);
}

/* ---- what the program does ---- */

/* The kernel judges the program's call: what we had taken out is there for the time of it. */
static void put_back(int fd, struct registration *one)
{
	uint32_t word = atomic_load(&one->word);

	if (shown_of(word) != TAKEN_OUT)
		return;
	int epfd = instance_of(word);

	if (atomic_compare_exchange_strong(&one->word, &word, word_for(word, epfd, SF_SILENT_IN | SF_SILENT_OUT)))
		change(epfd, fd, one, TAKEN_OUT, SF_SILENT_IN | SF_SILENT_OUT);
}

/* Nothing of it may be shown: out it goes. An EPOLLONESHOT one that the program has just enabled can't have fired. */
static void take_out(int fd, struct registration *one)
{
	uint32_t word = atomic_load(&one->word);
	int epfd = instance_of(word);

	if (epfd >= 0 && atomic_compare_exchange_strong(&one->word, &word, word_for(word, epfd, TAKEN_OUT)))
		sf_sys(SYS_epoll_ctl, epfd, EPOLL_CTL_DEL, fd, NULL);
}

/* A registration that is made or changed while its socket is silent. */
static int control_in_silence(int epfd, int op, int fd, struct epoll_event *event, unsigned silent)
{
	struct registration *one = find(epfd, fd);

	if (one)
		put_back(fd, one);
	if (op == EPOLL_CTL_DEL || !sf_probe_readable(event, sizeof *event))
		return real_epoll_ctl(epfd, op, fd, event);
	struct epoll_event partly = *event;
	unsigned shown = wanted(event->events, silent);

	partly.events = masked(event->events, shown);
	int ret = real_epoll_ctl(epfd, op, fd, &partly);

	if (ret == 0 && (one || (one = enter(epfd, fd)))) {
		keep(one, epfd, event, shown == TAKEN_OUT ? SF_SILENT_IN | SF_SILENT_OUT : shown);
		mark(fd);
		mark(epfd);
		atomic_fetch_or_explicit(&instances[epfd / 64], UINT64_C(1) << (epfd % 64), relaxed);
		if (shown == TAKEN_OUT)
			take_out(fd, one);
		sf_hold_here(fd);
	} else if (one) {
		show(fd, one, false);
	}
	return ret;
}

static void follow(int epfd, int fd, const struct epoll_event *event, uint32_t changes_before)
{
	struct registration *one = find(epfd, fd);

	if (!one)
		one = enter(epfd, fd);
	if (!one)
		return;
	keep(one, epfd, event, 0);
	mark(fd);
	mark(epfd);
	atomic_fetch_or_explicit(&instances[epfd / 64], UINT64_C(1) << (epfd % 64), relaxed);
	/* Another thread's re-armed edge may have undone it with the mask of before. */
	if (atomic_load(&changes) != changes_before)
		show(fd, one, true);
}

int sf_epoll_control(int epfd, int op, int fd, struct epoll_event *event)
{
	if ((unsigned)fd >= SF_FDS || (unsigned)epfd >= SF_FDS)
		return real_epoll_ctl(epfd, op, fd, event);
	struct registration *one = find(epfd, fd);
	uint32_t changes_before = atomic_load(&changes);
	unsigned silent = sf_silence(fd);
	bool out = one && shown_of(atomic_load(&one->word)) == TAKEN_OUT;
	int ret = silent || out ? control_in_silence(epfd, op, fd, event, silent) : real_epoll_ctl(epfd, op, fd, event);

	if (ret == 0 && op == EPOLL_CTL_DEL) {
		if (one)
			clear(one);
	} else if (ret == 0 && !silent && !out) {
		follow(epfd, fd, event, changes_before);
	}
	return ret;
}

static void forget_instance(int epfd)
{
	int top = atomic_load_explicit(&sf_epoll_top, relaxed);

	for (int fd = 0; fd < top; fd++)
		if (sf_epoll_knows(fd))
			FOR_EACH(one, fd)
	if (instance_of(atomic_load_explicit(&one->word, relaxed)) == epfd)
		clear(one);
}

void sf_epoll_forget(int fd)
{
	uint64_t bit = UINT64_C(1) << (fd % 64);

	if (!sf_epoll_knows(fd))
		return;
	if (atomic_fetch_and_explicit(&instances[fd / 64], ~bit, relaxed) & bit)
		forget_instance(fd);
	FOR_EACH(one, fd)
	clear(one);
	atomic_fetch_and_explicit(&sf_epoll_known[fd / 64], ~bit, relaxed);
}

void sf_epoll_forget_range(unsigned first, unsigned last)
{
	unsigned top = (unsigned)atomic_load_explicit(&sf_epoll_top, relaxed);

	for (unsigned fd = first; fd < top && fd <= last; fd++)
		sf_epoll_forget((int)fd);
}
