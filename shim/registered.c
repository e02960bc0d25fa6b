/* SPDX-License-Identifier: MIT
 *
 * registered.c -- see registered.h. A descriptor has one registration as a rule; those in further instances are chained
 * to it. Places are never given back, only used again for the same number.
 *
 * ERR and HUP can't be masked, and a silence hides them too: what would bring them is on its way like everything else.
 * So a registration of which nothing is left becomes EPOLLONESHOT without conditions: ERR and HUP wake one wait, which
 * does not tell them (readiness.c), and then the kernel is silent. It is never taken out for that: another thread may
 * be about to modify it. Where a direction is left that is not silent, ERR and HUP come with it: a reset ends both.
 *
 * EPOLLONESHOT: the kernel disables it when it fires, and the program alone enables it (its threads rely on that). So a
 * silence that begins leaves it alone; what the program enables during a silence is shown in part, and the rest after
 * it only if it has not fired since.
 */
#include "registered.h"

#include <errno.h>

#include "fdinfo.h"
#include "gate.h"
#include "hold.h"
#include "probe.h"
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
/* shown: SF_SILENT_ bits that are masked, or: nothing is left; or: it is EPOLLONESHOT, has fired, and the program was
 * not told. */
enum { MUTED = 4, WITHHELD = 5 };

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

_Atomic int sf_epoll_top;

SF_TABLE static struct registration registered[SF_FDS];
SF_TABLE static _Atomic uint16_t further_of[SF_FDS]; /* index of the first further one, 0: none */
SF_TABLE static struct further further[FURTHER_MAX];
static _Atomic uint32_t further_used = 1;

/* Numbers of epoll instances that others may have registered with. */
SF_TABLE static _Atomic uint64_t foreign[SF_FDS / 64];
static _Atomic uint32_t foreign_count;

/* Further numbers of instances: number + 1 in the high half, the one that stands in words in the low. */
#define COPIES_MAX 64
static _Atomic uint64_t copies[COPIES_MAX];
static _Atomic uint32_t copies_used;

/* Where sf_epoll_find found something before: descriptors, to be looked at first. */
#define HINTS 4096
SF_TABLE static _Atomic int hints[HINTS];

/* Moved on before and after each change of ours: the program's own epoll_ctl sees that one came between. */
static _Atomic uint32_t changes;

/* From now on some instance may have several numbers, or there are hints or changes: what the program's epoll_ctl did
 * can't be noted at once any more. Set before any of these. */
static _Atomic bool takes_care;

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

static void mark(int fd, uint8_t what)
{
	int top = atomic_load_explicit(&sf_epoll_top, relaxed);

	__atomic_fetch_or(&sf_fd_table.registered[fd], what, __ATOMIC_RELAXED);
	sf_fd_raise_top(fd);
	while (fd >= top && !atomic_compare_exchange_weak_explicit(&sf_epoll_top, &top, fd + 1, relaxed, relaxed))
		;
}

static void clear(struct registration *one)
{
	uint32_t word = atomic_load(&one->word);

	while (instance_of(word) >= 0 && !atomic_compare_exchange_weak(&one->word, &word, word_for(word, -1, 0)))
		;
}

/* Two words, and no lock: of threads that keep at the same time the one that looks last and finds its own has won. */
static void keep(struct registration *one, int epfd, const struct epoll_event *event, unsigned shown)
{
	do {
		uint32_t word = atomic_load(&one->word);

		atomic_store(&one->events, event->events);
		atomic_store(&one->data, event->data.u64);
		while (!atomic_compare_exchange_weak(&one->word, &word, word_for(word, epfd, shown)))
			;
	} while (atomic_load(&one->events) != event->events || atomic_load(&one->data) != event->data.u64);
}

/* ---- instances ---- */

static bool bit_of(const _Atomic uint64_t *bits, int fd)
{
	return (unsigned)fd < SF_FDS && atomic_load_explicit(&bits[fd / 64], relaxed) >> (fd % 64) & 1;
}

static void set_bit(_Atomic uint64_t *bits, int fd)
{
	if (!bit_of(bits, fd))
		atomic_fetch_or_explicit(&bits[fd / 64], UINT64_C(1) << (fd % 64), relaxed);
}

void sf_epoll_made(int epfd)
{
	if ((unsigned)epfd >= SF_FDS)
		return;
	mark(epfd, SF_EPOLL_INSTANCE);
}

/* The number under which the instance's registrations are kept. */
static int first_number(int epfd)
{
	uint32_t used = atomic_load_explicit(&copies_used, relaxed);

	for (uint32_t i = 0; i < used; i++) {
		uint64_t copy = atomic_load_explicit(&copies[i], relaxed);

		if (copy >> 32 == (uint32_t)epfd + 1u)
			return (int)(uint32_t)copy;
	}
	return epfd;
}

void sf_epoll_copied(int from, int to)
{
	if (!sf_epoll_is_instance(from) || (unsigned)to >= SF_FDS || from == to)
		return;
	uint64_t copy = ((uint64_t)to + 1) << 32 | (uint32_t)first_number(from);

	atomic_store(&takes_care, true);
	sf_epoll_made(to);
	for (uint32_t i = 0; i < COPIES_MAX; i++) {
		uint64_t empty = 0;
		uint32_t used = atomic_load(&copies_used);

		if (!atomic_compare_exchange_strong(&copies[i], &empty, copy))
			continue;
		while (used <= i && !atomic_compare_exchange_weak(&copies_used, &used, i + 1))
			;
		return;
	}
}

/* One of the instance's numbers is closed. The number that stands for its registrations from now on; -1: the instance
 * is gone. The number itself: nothing changes. */
static int number_after(int closed)
{
	uint32_t used = atomic_load(&copies_used);
	int next = -1;

	for (uint32_t i = 0; i < used; i++) {
		uint64_t copy = atomic_load(&copies[i]);

		if (copy >> 32 == (uint32_t)closed + 1u) { /* it was a further one */
			atomic_store(&copies[i], 0);
			return closed;
		}
		if (!copy || (int)(uint32_t)copy != closed)
			continue;
		if (next < 0)
			next = (int)(copy >> 32) - 1;
		atomic_store(&copies[i], next == (int)(copy >> 32) - 1 ? 0 : (copy >> 32) << 32 | (uint32_t)next);
	}
	return next;
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
	return events & (IN_BITS | OUT_BITS) & ~hidden ? silent : MUTED;
}

static uint32_t masked(uint32_t events, unsigned shown)
{
	if (shown != MUTED)
		return events & ~bits_of(shown);
	/* With EPOLLEXCLUSIVE there is no EPOLLONESHOT; an edge at least does not last. */
	return (events & ~(IN_BITS | OUT_BITS)) | (events & EPOLLEXCLUSIVE ? EPOLLET : EPOLLONESHOT);
}

static long control(int epfd, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	return sf_sys(SYS_epoll_ctl, epfd, op, fd, &event);
}

struct armed {
	int fd;
	bool is;
};

static void find_armed(void *context, const struct sf_fdinfo *one)
{
	struct armed *armed = context;

	if (one->fd == armed->fd)
		armed->is = one->events & EPOLLERR;
}

/* Has an EPOLLONESHOT registration not fired yet? */
static bool is_armed(int epfd, int fd)
{
	struct armed armed = {fd, false};

	sf_fdinfo_read(epfd, find_armed, &armed);
	return armed.is;
}

/* ---- instances from elsewhere ---- */

static void adopt_one(void *context, const struct sf_fdinfo *theirs)
{
	int epfd = *(int *)context, fd = theirs->fd;
	struct epoll_event event = {.events = theirs->events & ~(uint32_t)(EPOLLERR | EPOLLHUP), .data.u64 = theirs->data};
	struct registration *one;

	if ((unsigned)fd >= SF_FDS || !(event.events & (IN_BITS | OUT_BITS)) || find(epfd, fd) || !(one = enter(epfd, fd)))
		return;
	keep(one, epfd, &event, 0);
	mark(fd, SF_EPOLL_REGISTERED);
}

/* Others may have registered something in the instances that came from elsewhere. */
static void adopt(void)
{
	int top = atomic_load_explicit(&sf_epoll_top, relaxed);

	for (int epfd = 0; atomic_load_explicit(&foreign_count, relaxed) && epfd < top; epfd++)
		if (bit_of(foreign, epfd)) {
			int number = first_number(epfd);

			sf_fdinfo_read(epfd, adopt_one, &number);
		}
}

void sf_epoll_discover(int fd)
{
	if ((unsigned)fd >= SF_FDS || sf_epoll_is_instance(fd) || !sf_fdinfo_is_epoll(fd))
		return;
	sf_epoll_made(fd);
	set_bit(foreign, fd);
	atomic_fetch_add(&foreign_count, 1);
}

/* ---- changing what the kernel knows ---- */

/* A registration with EPOLLEXCLUSIVE can't be modified. Whoever takes it out puts it in again, and nobody else: where
 * it is not there, another thread is about to put it in, or the program has removed it. */
static bool put_in_again(int epfd, int fd, uint32_t events, uint64_t data)
{
	if (sf_sys(SYS_epoll_ctl, epfd, EPOLL_CTL_DEL, fd, NULL) != 0)
		return true;
	long result = control(epfd, EPOLL_CTL_ADD, fd, events, data);

	return result == 0 || result == -EEXIST;
}

/* False: there is no such registration any more (its number was closed where nobody saw it). */
static bool change(int epfd, int fd, const struct registration *one, unsigned from, unsigned to)
{
	uint32_t events = atomic_load(&one->events);
	uint64_t data = atomic_load(&one->data);
	uint32_t shown = masked(events, to);

	if (events & EPOLLONESHOT && from != WITHHELD && from != MUTED && !is_armed(epfd, fd))
		return true;
	if (events & EPOLLEXCLUSIVE)
		return put_in_again(epfd, fd, shown, data);
	return control(epfd, EPOLL_CTL_MOD, fd, shown, data) == 0;
}

/* Of an EPOLLONESHOT registration only more is shown than before, of what the program enabled during a silence. */
static bool is_to_be_left(uint32_t events, unsigned from, unsigned to)
{
	return events & EPOLLONESHOT && (!from || to == MUTED || (from != MUTED && to & ~from));
}

/* Shows one registration as it has to be now; `again`: also if it is shown so already, for its edge. Whoever changes it
 * meanwhile moves the word on, and then it is looked at once more. */
static void show(int fd, struct registration *one, bool again)
{
	enum { PATIENCE = 16 };

	for (int i = 0; i < PATIENCE; i++) {
		uint32_t word = atomic_load(&one->word), events = atomic_load(&one->events);
		int epfd = instance_of(word);
		unsigned from = shown_of(word), to = wanted(events, sf_silence(fd));

		if (epfd < 0 || is_to_be_left(events, from, to) || (from == to && (!again || to == MUTED)))
			return;
		uint32_t next = word_for(word, epfd, to);

		if (!atomic_compare_exchange_strong(&one->word, &word, next))
			continue;
		atomic_store(&takes_care, true);
		atomic_fetch_add(&changes, 1);
		bool there = change(epfd, fd, one, from, to);

		atomic_fetch_add(&changes, 1);
		if (!there && atomic_compare_exchange_strong(&one->word, &next, word_for(next, -1, 0)))
			return;
		if (there && atomic_load(&one->word) == next)
			return;
		again = true;
	}
}

void sf_epoll_show(int fd)
{
	adopt();
	if (!sf_epoll_knows(fd))
		return;
	FOR_EACH(one, fd)
	show(fd, one, false);
}

void sf_epoll_rearm(int fd)
{
	if (sf_self_is_sandboxed())
		return;
	adopt();
	if (!sf_epoll_knows(fd))
		return;
	FOR_EACH(one, fd)
	if (atomic_load(&one->events) & EPOLLET)
		show(fd, one, true);
}

/* ---- what a wait has found ---- */

static bool is_registered_with(int fd, int epfd, uint64_t data)
{
	const struct registration *one = sf_epoll_knows(fd) ? find(epfd, fd) : NULL;

	return one && atomic_load_explicit(&one->data, relaxed) == data;
}

bool sf_epoll_has(int epfd, int fd, uint64_t data)
{
	return is_registered_with(fd, first_number(epfd), data);
}

static int search(int epfd, uint64_t data)
{
	int top = atomic_load_explicit(&sf_epoll_top, relaxed), found = -1;

	for (int fd = 0; fd < top; fd++)
		if (is_registered_with(fd, epfd, data)) {
			if (found >= 0)
				return -1;
			found = fd;
		}
	return found;
}

int sf_epoll_find(int epfd, uint64_t data)
{
	epfd = first_number(epfd);
	/* Most register the number itself, in 32 bits of the 64. */
	if ((uint32_t)data < SF_FDS && is_registered_with((int)(uint32_t)data, epfd, data))
		return (int)(uint32_t)data;
	_Atomic int *hint = &hints[(data ^ data >> 12 ^ (uint64_t)epfd) % HINTS];
	int fd = atomic_load_explicit(hint, relaxed);

	if (fd > 0 && is_registered_with(fd, epfd, data))
		return fd;
	adopt();
	fd = search(epfd, data);
	atomic_store(&takes_care, true);
	atomic_store_explicit(hint, fd, relaxed);
	return fd;
}

/* Something else may have been registered with the same data. */
static void forget_hint(int epfd, uint64_t data)
{
	if (atomic_load_explicit(&takes_care, relaxed))
		atomic_store_explicit(&hints[(data ^ data >> 12 ^ (uint64_t)epfd) % HINTS], 0, relaxed);
}

uint32_t sf_epoll_asked(int fd)
{
	uint32_t events = 0;

	FOR_EACH(one, fd)
	if (instance_of(atomic_load_explicit(&one->word, relaxed)) >= 0)
		events |= atomic_load_explicit(&one->events, relaxed);
	return events;
}

/* ERR and HUP that stay would come back at once. */
static void mute(int fd, struct registration *one)
{
	uint32_t word = atomic_load(&one->word);
	int epfd = instance_of(word);

	if (epfd >= 0 && atomic_compare_exchange_strong(&one->word, &word, word_for(word, epfd, MUTED)))
		change(epfd, fd, one, shown_of(word), MUTED);
}

void sf_epoll_settle(int epfd, int fd, uint32_t found, uint32_t told)
{
	struct registration *one = find(first_number(epfd), fd);
	uint32_t word = one ? atomic_load(&one->word) : 0, events = one ? atomic_load(&one->events) : 0;
	unsigned shown = shown_of(word);

	if (!one)
		return;
	if (events & EPOLLONESHOT && (told ? shown == MUTED : shown < MUTED)) /* it has fired: told, or not */
		atomic_compare_exchange_strong(&one->word, &word, word_for(word, instance_of(word), told ? 0 : WITHHELD));
	else if (!told && shown < MUTED && found & (EPOLLERR | EPOLLHUP))
		mute(fd, one);
}

/* Might a rule meet what comes on this descriptor? What was not settled yet might be met. */
static bool may_be_met(int fd)
{
	uint64_t entry = sf_fd_entry(fd);

	if (!sf_entry_place(entry))
		return false;
	return sf_entry_generation(entry) != (uint8_t)atomic_load_explicit(&sf_arena->generation, relaxed) ||
	       sf_entry_operations(entry) & (SF_BIT(SF_RECV) | SF_BIT(SF_ACCEPT));
}

bool sf_epoll_ahead(int epfd)
{
	int top = atomic_load_explicit(&sf_epoll_top, relaxed);
	struct sf_call ready = {.operation = SF_RECV};
	bool silent = false;

	epfd = first_number(epfd);
	for (ready.fd = 0; ready.fd < top; ready.fd++)
		if (sf_epoll_knows(ready.fd) && may_be_met(ready.fd) && find(epfd, ready.fd))
			silent = (sf_probe_ready(&ready) && sf_gate_ahead(ready.fd)) || silent;
	return silent;
}

/* ---- what the program does ---- */

/* A registration that is made or changed while its socket is silent. */
static int control_in_silence(int epfd, int op, int fd, struct epoll_event *event, unsigned silent)
{
	if (op == EPOLL_CTL_DEL || !sf_probe_readable(event, sizeof *event))
		return real_epoll_ctl(epfd, op, fd, event);
	struct epoll_event partly = *event;
	unsigned shown = wanted(event->events, silent);

	partly.events = masked(event->events, shown);
	int ret = real_epoll_ctl(epfd, op, fd, &partly);
	struct registration *one = ret == 0 ? find(epfd, fd) : NULL;

	if (ret == 0 && (one || (one = enter(epfd, fd)))) {
		keep(one, epfd, event, shown);
		mark(fd, SF_EPOLL_REGISTERED);
		sf_epoll_made(epfd);
		forget_hint(epfd, event->data.u64);
		sf_hold_here(fd);
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
	mark(fd, SF_EPOLL_REGISTERED);
	sf_epoll_made(epfd);
	forget_hint(epfd, event->data.u64);
	/* Another thread's re-armed edge may have undone it with the mask of before. */
	if (atomic_load(&changes) != changes_before)
		show(fd, one, true);
}

static void follow_what_was_done(int epfd, int op, int fd, const struct epoll_event *event, uint32_t changes_before)
{
	struct registration *one = op == EPOLL_CTL_DEL ? find(epfd, fd) : NULL;

	if (one)
		clear(one);
	else if (op != EPOLL_CTL_DEL)
		follow(epfd, fd, event, changes_before);
}

/* A registration with EPOLLEXCLUSIVE is not there for a moment while it gets its edge again. */
static int control_once_there(int epfd, int op, int fd, struct epoll_event *event, unsigned silent)
{
	enum { PATIENCE = 100 };
	int ret;

	for (int i = 0; i < PATIENCE; i++) {
		const struct registration *one = find(epfd, fd);
		int before = errno;

		ret = silent ? control_in_silence(epfd, op, fd, event, silent) : real_epoll_ctl(epfd, op, fd, event);
		if (ret == 0 || errno != ENOENT || !one || !(atomic_load(&one->events) & EPOLLEXCLUSIVE))
			break;
		errno = before;
		sf_sys(SYS_sched_yield);
	}
	return ret;
}

/* What has come of it is noted where everything is as it mostly is: it is the descriptor's first registration, of which
 * all is shown, or the first place is free. */
static inline bool followed_at_once(int epfd, int op, int fd, const struct epoll_event *event)
{
	struct registration *one = &registered[fd];

	__asm__("" : "+r"(one)); /* else gcc works out the address of each field by itself */
	uint32_t word = atomic_load_explicit(&one->word, relaxed);
	uint32_t is = word % VERSION_ONE, own = (uint32_t)epfd + 1; /* all is shown */

	if (SF_NOW(bool, takes_care))
		return false;
	if (op == EPOLL_CTL_DEL)
		return is == own && atomic_compare_exchange_strong(&one->word, &word, word_for(word, -1, 0));
	if ((op == EPOLL_CTL_ADD ? is : is ^ own) || !sf_fd_table.registered[fd] ||
	    !(sf_fd_table.registered[epfd] & SF_EPOLL_INSTANCE))
		return false;
	uint32_t events = event->events;
	uint64_t data = event->data.u64;

	atomic_store_explicit(&one->events, events, relaxed);
	atomic_store_explicit(&one->data, data, relaxed);
	return atomic_compare_exchange_strong(&one->word, &word, word_for(word, epfd, 0)) &&
	       SF_NOW(uint32_t, one->events) == events && SF_NOW(uint64_t, one->data) == data;
}

static __attribute__((noinline)) int control_and_follow(int epfd, int op, int fd, struct epoll_event *event);

int sf_epoll_control(int epfd, int op, int fd, struct epoll_event *event)
{
	if ((unsigned)fd >= SF_FDS || (unsigned)epfd >= SF_FDS)
		return real_epoll_ctl(epfd, op, fd, event);
	if (sf_silence(fd))
		return control_and_follow(epfd, op, fd, event);
	return sf_epoll_control_shown(epfd, op, fd, event);
}

/* Whole: gcc would split it at the first question, and jump from one half to the other. */
__attribute__((noinline)) int sf_epoll_control_shown(int epfd, int op, int fd, struct epoll_event *event)
{
	if ((unsigned)(fd | epfd) >= SF_FDS)
		return real_epoll_ctl(epfd, op, fd, event);
	if (SF_NOW(bool, takes_care))
		return control_and_follow(epfd, op, fd, event);
	int ret = real_epoll_ctl(epfd, op, fd, event);

	if (ret != 0)
		return ret;
	if (!followed_at_once(epfd, op, fd, event))
		follow_what_was_done(epfd, op, fd, event, 0);
	return 0;
}

static int control_and_follow(int epfd, int op, int fd, struct epoll_event *event)
{
	epfd = first_number(epfd);
	uint32_t changes_before = atomic_load(&changes);
	unsigned silent = sf_silence(fd);
	int ret = control_once_there(epfd, op, fd, event, silent);

	if (ret == 0 && !(silent && op != EPOLL_CTL_DEL))
		follow_what_was_done(epfd, op, fd, event, changes_before);
	return ret;
}

static void renumber(struct registration *one, int from, int to)
{
	uint32_t word = atomic_load(&one->word);

	while (instance_of(word) == from &&
	       !atomic_compare_exchange_weak(&one->word, &word, word_for(word, to, to < 0 ? 0 : shown_of(word))))
		;
}

/* Its registrations go with it, or on to another of its numbers. */
static void forget_instance(int epfd)
{
	int top = atomic_load_explicit(&sf_epoll_top, relaxed), next = number_after(epfd);

	for (int fd = 0; next != epfd && fd < top; fd++)
		if (sf_epoll_knows(fd))
			FOR_EACH(one, fd)
	renumber(one, epfd, next);
	if (bit_of(foreign, epfd)) {
		atomic_fetch_and_explicit(&foreign[epfd / 64], ~(UINT64_C(1) << (epfd % 64)), relaxed);
		atomic_fetch_sub(&foreign_count, 1);
		if (next >= 0 && next != epfd && !bit_of(foreign, next)) {
			set_bit(foreign, next);
			atomic_fetch_add(&foreign_count, 1);
		}
	}
}

void sf_epoll_forget(int fd)
{
	if (!sf_epoll_knows(fd))
		return;
	if (__atomic_fetch_and(&sf_fd_table.registered[fd], SF_EPOLL_REGISTERED, __ATOMIC_RELAXED) & SF_EPOLL_INSTANCE)
		forget_instance(fd);
	FOR_EACH(one, fd)
	clear(one);
	__atomic_store_n(&sf_fd_table.registered[fd], 0, __ATOMIC_RELAXED);
}

void sf_epoll_forget_range(unsigned first, unsigned last)
{
	unsigned top = (unsigned)atomic_load_explicit(&sf_epoll_top, relaxed);

	for (unsigned fd = first; fd < top && fd <= last; fd++)
		sf_epoll_forget((int)fd);
}
