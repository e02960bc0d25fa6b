/* SPDX-License-Identifier: MIT
 *
 * readiness.c -- see readiness.h. A held direction is left out of what the kernel is asked, and put back when the
 * silence is over; the wait is cut into rounds that end early enough for that. From the second round on all signals are
 * blocked, and the kernel unblocks them for as long as it waits: so none is handled where it would not end the wait.
 */
#include "readiness.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "core/fault.h"
#include "core/match.h"
#include "end.h"
#include "gate.h"
#include "probe.h"
#include "sys.h"

#define relaxed memory_order_relaxed
#define MILLISECOND UINT64_C(1000000)
#define ROUND_MAX (20 * MILLISECOND)
#define ROUND_MIN MILLISECOND
#define POLL_FOR_IN (POLLIN | POLLRDNORM | POLLRDBAND | POLLRDHUP | POLLPRI)
#define POLL_FOR_OUT (POLLOUT | POLLWRNORM | POLLWRBAND)

/* ---- rounds ---- */

/* The shortest silence that an action can make; UINT64_MAX: it makes none. Of rate: about a slice's time. */
static uint64_t shortest_ns(const struct sf_action *action)
{
	if (action->kind == SF_FAULT_rate)
		return 4 * ROUND_MAX;
	if (action->kind == SF_FAULT_stall && action->argument.unit == SF_UNIT_NONE)
		return 4 * ROUND_MAX;
	return action->kind == SF_FAULT_latency || action->kind == SF_FAULT_stall ? action->argument.low : UINT64_MAX;
}

/* How long a round lasts in this process: a quarter of the shortest silence, so that one which begins during a wait is
 * not noticed late. 0: no rule holds anything back. */
static uint64_t round_for(const struct sf_ruleset *set)
{
	uint64_t bits[SF_RULE_WORDS], shortest = UINT64_MAX;

	sf_match_process(set, sf_self_process(), bits);
	for (uint32_t i = 0; i < set->count; i++)
		for (unsigned k = 0; k < set->rules[i].action_count && sf_bit_get(bits, i); k++) {
			uint64_t ns = shortest_ns(&set->rules[i].actions[k]);

			shortest = ns < shortest ? ns : shortest;
		}
	if (shortest == UINT64_MAX)
		return 0;
	shortest /= 4;
	return shortest < ROUND_MIN ? ROUND_MIN : shortest > ROUND_MAX ? ROUND_MAX : shortest;
}

/* Asked once for each set of rules and process; threads that ask at the same time write the same. */
static uint64_t round_ns(void)
{
	static _Atomic uint64_t settled_for, settled_ns;
	const struct sf_ruleset *set = sf_arena_rules(sf_arena);
	uint64_t key = atomic_load_explicit(&sf_arena->ruleset_at, relaxed) | (uint64_t)sf_process << 40;

	if (!set || !(atomic_load_explicit(&sf_arena->watch[SF_POLL], relaxed) & SF_WATCH_HOLDS))
		return 0;
	if (atomic_load_explicit(&settled_for, memory_order_acquire) != key) {
		atomic_store_explicit(&settled_ns, round_for(set), relaxed);
		atomic_store_explicit(&settled_for, key, memory_order_release);
	}
	return atomic_load_explicit(&settled_ns, relaxed);
}

static bool are_ours(void)
{
	if (!sf_process || sf_self_is_guest() || atomic_load_explicit(&sf_self_process()->sandboxed, relaxed))
		return false;
	if (atomic_load_explicit(&sf_arena->watch[SF_POLL], relaxed) & SF_WATCH_ENDS && !sf_self_is_alone())
		return true;
	return atomic_load_explicit(&sf_held_count, relaxed) > 0 || round_ns() > 0;
}

bool sf_waits_are_ours(const void *timeout)
{
	return are_ours() && (!timeout || sf_probe_readable(timeout, sizeof(struct timespec)));
}

bool sf_selects_are_ours(const void *timeout)
{
	return (atomic_load_explicit(&sf_held_count, relaxed) > 0 || round_ns() > 0) && sf_waits_are_ours(timeout);
}

/* One wait: the program's own timeout and mask, and where it is. */
struct rounds {
	const struct timespec *timeout; /* the program's; NULL: for good */
	const sigset_t *mask;           /* for the real call */
	uint64_t end_ns;
	uint64_t most_ns;     /* no round is longer; 0: no limit */
	uint64_t left_out_ns; /* the shortest silence of what is left out of what the kernel is asked */
	uint32_t endings;     /* as many connections had been ended by us when it began */
	bool last;            /* no round after this one */
	bool blocked;
	sigset_t before; /* the thread's signal mask; the kernel's 64 bits of it */
	struct timespec left;
};

/* False: the kernel would not take the timeout. */
static bool begin(struct rounds *rounds, const struct timespec *timeout, const sigset_t *mask)
{
	memset(rounds, 0, sizeof *rounds);
	rounds->timeout = timeout;
	rounds->mask = mask;
	rounds->left_out_ns = UINT64_MAX;
	rounds->endings = sf_endings();
	if (!timeout)
		return true;
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000)
		return false;
	if (timeout->tv_sec == 0 && timeout->tv_nsec == 0)
		return true; /* at once: no clock has to be asked */
	/* Some wait for "INT64_MAX seconds": as good as for ever. */
	uint64_t seconds = timeout->tv_sec < 1000000000 ? (uint64_t)timeout->tv_sec : 1000000000;

	rounds->end_ns = sf_self_now_ns() + seconds * 1000000000 + (uint64_t)timeout->tv_nsec;
	return true;
}

static void block_signals(struct rounds *rounds)
{
	if (rounds->blocked)
		return;
	uint64_t all = ~UINT64_C(0);

	rounds->blocked = sf_sys(SYS_rt_sigprocmask, SIG_BLOCK, &all, &rounds->before, 8) == 0;
	if (rounds->blocked && !rounds->mask)
		rounds->mask = &rounds->before;
}

static void end(const struct rounds *rounds)
{
	if (rounds->blocked)
		sf_sys(SYS_rt_sigprocmask, SIG_SETMASK, &rounds->before, NULL, 8);
}

/* Gives back what is over; then how long this round may wait. NULL: for good. */
static const struct timespec *next_round(struct rounds *rounds)
{
	bool has_end = rounds->end_ns || sf_hold_may_end();
	uint64_t now_ns = has_end ? sf_self_now_ns() : 0, next_ns = has_end ? sf_hold_release(now_ns) : UINT64_MAX;

	if (rounds->left_out_ns < next_ns)
		next_ns = rounds->left_out_ns;
	uint64_t left_ns = rounds->end_ns > now_ns ? rounds->end_ns - now_ns : 0;

	if (rounds->most_ns && rounds->most_ns < next_ns)
		next_ns = rounds->most_ns;
	else if (next_ns != UINT64_MAX)
		next_ns += 100000; /* a little past the end, not a little before */
	rounds->last = rounds->timeout ? left_ns <= next_ns : next_ns == UINT64_MAX;
	if (rounds->last && !rounds->timeout)
		return NULL;
	if (rounds->last)
		next_ns = left_ns;
	rounds->left = (struct timespec){(time_t)(next_ns / 1000000000), (long)(next_ns % 1000000000)};
	return &rounds->left;
}

/* Is there a next round? After one in which the kernel found nothing, unless its time was the wait's own; and after one
 * of which nothing may be told. */
static bool goes_on(struct rounds *rounds, int found, int told)
{
	if (told != 0 || (found == 0 && rounds->last))
		return false;
	block_signals(rounds);
	return true;
}

/* Memory for the time of a wait: the caller's own where it is enough. */
static void *borrow(void *own, size_t own_size, size_t size)
{
	if (size <= own_size)
		return own;
	long at = sf_sys(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at < 0 && at > -4096 ? NULL : (void *)at;
}

static void give_back(void *borrowed, const void *own, size_t size)
{
	if (borrowed && borrowed != own)
		sf_sys(SYS_munmap, borrowed, size);
}

/* ---- poll ---- */

static short poll_bits(unsigned silent)
{
	return (short)((silent & SF_SILENT_IN ? POLL_FOR_IN : 0) | (silent & SF_SILENT_OUT ? POLL_FOR_OUT : 0));
}

/* As sf_silence. What is left out of what the kernel is asked has to be asked for again when its silence ends, whatever
 * else begins or ends meanwhile. */
static unsigned left_out(struct rounds *rounds, int fd)
{
	const struct sf_socket *socket = sf_fd_socket(fd);
	unsigned silent = 0;

	for (int sending = 0; socket && sending < 2; sending++) {
		uint64_t left_ns;

		if (!sf_is_held(socket, sending, &left_ns))
			continue;
		silent |= sending ? SF_SILENT_OUT : SF_SILENT_IN;
		if (left_ns < rounds->left_out_ns)
			rounds->left_out_ns = left_ns;
	}
	return silent;
}

/* ERR and HUP are silent with the rest where nothing else is left to wait for (registered.c says why). */
static struct pollfd heard(struct rounds *rounds, const struct pollfd *asked)
{
	struct pollfd one = {asked->fd, asked->events, 0};
	short hidden = asked->fd >= 0 ? (short)(one.events & poll_bits(left_out(rounds, one.fd))) : 0;

	one.events = (short)(one.events & ~hidden);
	if (hidden && !(one.events & (POLL_FOR_IN | POLL_FOR_OUT)))
		one.fd = -1;
	return one;
}

/* What the kernel says of one descriptor at this moment. */
static short poll_once(int fd, short events)
{
	struct pollfd one = {fd, events, 0};
	struct timespec now = {0, 0};

	return sf_sys(SYS_ppoll, &one, 1, &now, NULL, 8) == 1 ? one.revents : 0;
}

/* An instance that is readable for the sake of what a rule keeps silent is not. */
static bool is_quiet_instance(int fd)
{
	return sf_epoll_is_instance(fd) && sf_epoll_ahead(fd) && !poll_once(fd, POLLIN);
}

/* May the kernel's answer for one descriptor be told? What is kept silent from now on is taken from it. */
static void settle_one(struct pollfd *one)
{
	if (!(one->revents & (POLL_FOR_IN | POLLERR | POLLHUP)))
		return;
	sf_gate_ahead(one->fd);
	unsigned silent = sf_silence(one->fd);

	if (silent & SF_SILENT_IN)
		one->revents &= (short)~(POLLERR | POLLHUP);
	one->revents = (short)(one->revents & ~poll_bits(silent));
	if (is_quiet_instance(one->fd))
		one->revents = 0;
}

static int settle_poll(struct pollfd *copy, nfds_t count, uint32_t endings)
{
	bool half = sf_ending_seen_half(endings);
	int told = 0;

	for (nfds_t i = 0; i < count; i++) {
		if (half && copy[i].fd >= 0 && copy[i].revents & (POLLERR | POLLHUP))
			copy[i].revents = poll_once(copy[i].fd, copy[i].events);
		if (copy[i].fd >= 0 && copy[i].revents && !(copy[i].revents & POLLNVAL))
			settle_one(&copy[i]);
		told += copy[i].revents != 0;
	}
	return told;
}

static int poll_rounds(
    struct rounds *rounds, struct pollfd *copy, const struct pollfd *fds, nfds_t count, const struct timespec *once)
{
	int found, told;

	do {
		rounds->left_out_ns = UINT64_MAX;
		for (nfds_t i = 0; i < count; i++)
			copy[i] = heard(rounds, &fds[i]);
		const struct timespec *wait = once ? once : next_round(rounds);

		found = told = real_ppoll(copy, count, wait, rounds->mask);
		if (found > 0)
			told = settle_poll(copy, count, rounds->endings);
	} while (!once && goes_on(rounds, found, told));
	return told;
}

static uint64_t most_for_poll(const struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = 0; i < count && !sf_self_is_alone(); i++)
		if (sf_epoll_is_instance(fds[i].fd))
			return round_ns();
	return 0;
}

enum { POLL_FEW = 64 };

static int poll_with_copy(struct rounds *rounds, struct pollfd *fds, nfds_t count)
{
	struct pollfd few[POLL_FEW];
	size_t size = count * sizeof *fds;
	struct pollfd *copy =
	    count <= SF_FDS && (!count || sf_probe_readable(fds, size)) ? borrow(few, sizeof few, size) : NULL;

	if (!copy)
		return real_ppoll(fds, count, next_round(rounds), rounds->mask);
	rounds->most_ns = most_for_poll(fds, count);
	int told = poll_rounds(rounds, copy, fds, count, NULL);

	for (nfds_t i = 0; i < count && told >= 0; i++)
		fds[i].revents = copy[i].revents;
	give_back(copy, few, size);
	return told;
}

int sf_held_poll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct rounds rounds;
	int found, told;

	if (!begin(&rounds, timeout, mask))
		return real_ppoll(fds, count, timeout, mask);
	/* Nothing is to be left out of what is asked: the kernel gets the program's own memory, and judges it. */
	if (atomic_load(&sf_held_count) == 0 && (sf_self_is_alone() || !round_ns())) {
		found = told = real_ppoll(fds, count, next_round(&rounds), mask);
		if (found > 0)
			told = settle_poll(fds, count, rounds.endings);
		if (!goes_on(&rounds, found, told))
			return told;
	}
	told = poll_with_copy(&rounds, fds, count);
	end(&rounds);
	return told;
}

static const struct timespec no_time = {0, 0};

int sf_found_poll(struct pollfd *fds, nfds_t count, int timeout_ms, int found)
{
	struct rounds rounds;

	if (!are_ours() || !begin(&rounds, timeout_ms == 0 ? &no_time : NULL, NULL))
		return found;
	int told = settle_poll(fds, count, rounds.endings);

	if (!goes_on(&rounds, found, told))
		return told;
	told = poll_with_copy(&rounds, fds, count);
	end(&rounds);
	return told;
}

/* ---- select ---- */

struct sets {
	int count;
	size_t size;         /* bytes of one, in the kernel's words */
	fd_set *theirs[3];   /* in, out, except */
	unsigned long *ours; /* three of them */
};

static fd_set *ours(const struct sets *sets, int i)
{
	return sets->theirs[i] ? (fd_set *)((char *)sets->ours + (size_t)i * sets->size) : NULL;
}

enum { BITS = 8 * sizeof(unsigned long) };

static bool is_in(const struct sets *sets, int i, int fd)
{
	return sets->theirs[i] && ((unsigned long *)ours(sets, i))[fd / BITS] >> fd % BITS & 1;
}

static void take_from(const struct sets *sets, int i, int fd)
{
	((unsigned long *)ours(sets, i))[fd / BITS] &= ~(1ul << fd % BITS);
}

static void copy_heard(struct rounds *rounds, const struct sets *sets)
{
	rounds->left_out_ns = UINT64_MAX;
	for (int i = 0; i < 3; i++)
		if (sets->theirs[i])
			memcpy(ours(sets, i), sets->theirs[i], sets->size);
	for (int fd = 0; fd < sets->count; fd++) {
		unsigned silent = left_out(rounds, fd);

		for (int i = 0; silent && i < 3; i++)
			if (sets->theirs[i] && silent & (i == 1 ? SF_SILENT_OUT : SF_SILENT_IN))
				take_from(sets, i, fd);
	}
}

/* As settle_poll: of what the kernel found, what may be told. */
static int settle_select(const struct sets *sets)
{
	int told = 0;

	for (int fd = 0; fd < sets->count; fd++) {
		if (is_in(sets, 0, fd))
			sf_gate_ahead(fd);
		for (int i = 0; i < 3; i++) {
			if (!is_in(sets, i, fd))
				continue;
			if (sf_silence(fd) & (i == 1 ? SF_SILENT_OUT : SF_SILENT_IN) || (i == 0 && is_quiet_instance(fd)))
				take_from(sets, i, fd);
			else
				told++;
		}
	}
	return told;
}

static uint64_t most_for_select(const struct sets *sets)
{
	for (int fd = 0; fd < sets->count && !sf_self_is_alone(); fd++)
		if (sf_epoll_is_instance(fd) && sets->theirs[0] &&
		    ((const unsigned long *)(const void *)sets->theirs[0])[fd / BITS] >> fd % BITS & 1)
			return round_ns();
	return 0;
}

static bool sets_prepare(struct sets *sets, unsigned long *few, size_t few_size)
{
	if (sets->count < 0 || sets->count > SF_FDS)
		return false;
	sets->size = ((size_t)sets->count + 63) / 64 * 8;
	for (int i = 0; i < 3; i++)
		if (sets->size && sets->theirs[i] && !sf_probe_readable(sets->theirs[i], sets->size))
			return false;
	sets->ours = borrow(few, few_size, 3 * sets->size);
	return sets->ours;
}

#define SETS_FEW (3 * FD_SETSIZE / 8 / sizeof(unsigned long))

int sf_held_select(
    int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout, const sigset_t *mask)
{
	unsigned long few[SETS_FEW];
	struct sets sets = {.count = count, .theirs = {in, out, except}};
	struct rounds rounds;
	int found, told;

	if (!begin(&rounds, timeout, mask) || !sets_prepare(&sets, few, sizeof few))
		return real_pselect(count, in, out, except, timeout, mask);
	rounds.most_ns = most_for_select(&sets);
	do {
		copy_heard(&rounds, &sets);
		const struct timespec *wait = next_round(&rounds);

		found = told = real_pselect(count, ours(&sets, 0), ours(&sets, 1), ours(&sets, 2), wait, rounds.mask);
		if (found > 0)
			told = settle_select(&sets);
	} while (goes_on(&rounds, found, told));
	for (int i = 0; i < 3 && told >= 0; i++)
		if (sets.theirs[i])
			memcpy(sets.theirs[i], ours(&sets, i), sets.size);
	end(&rounds);
	give_back(sets.ours, few, 3 * sets.size);
	return told;
}

/* ---- epoll ---- */

/* To the nanosecond where the kernel has epoll_pwait2 (Linux 5.11); else up to a millisecond late, never early. */
static int
epoll_round(int epfd, struct epoll_event *events, int count, const struct timespec *wait, const sigset_t *mask)
{
	static _Atomic bool is_missing;
	int before = errno;

	if (!atomic_load_explicit(&is_missing, relaxed)) {
		int ready = real_epoll_pwait2(epfd, events, count, wait, mask);

		if (ready >= 0 || (errno != ENOSYS && errno != EPERM))
			return ready;
		atomic_store_explicit(&is_missing, true, relaxed);
		errno = before;
	}
	long long left_ms = wait ? wait->tv_sec * 1000LL + (wait->tv_nsec + 999999) / 1000000 : -1;
	int milliseconds = left_ms > INT_MAX ? INT_MAX : (int)left_ms;

	return real_epoll_pwait(epfd, events, count, milliseconds, mask);
}

/* Of what a reset has just ended the whole is told, not what the first half of it showed. */
static uint32_t whole(int fd, uint32_t events)
{
	uint32_t asked = sf_epoll_asked(fd) | EPOLLERR | EPOLLHUP;

	return events & (EPOLLERR | EPOLLHUP) ? (uint32_t)(uint16_t)poll_once(fd, (short)(uint16_t)asked) & asked : events;
}

/* What of an event may be told now; 0: nothing. */
static uint32_t settle_event(int epfd, int fd, uint32_t events)
{
	if (sf_epoll_is_instance(fd))
		return is_quiet_instance(fd) ? 0 : events;
	if (events & (POLL_FOR_IN | EPOLLERR | EPOLLHUP))
		sf_gate_ahead(fd);
	unsigned silent = sf_silence(fd);
	uint32_t told = events & ~(uint32_t)(uint16_t)poll_bits(silent);

	if (silent & SF_SILENT_IN)
		told &= ~(uint32_t)(EPOLLERR | EPOLLHUP);
	if (silent)
		sf_epoll_settle(epfd, fd, events, told);
	return told;
}

static int settle_epoll(int epfd, struct epoll_event *events, int found, uint32_t endings)
{
	bool half = sf_ending_seen_half(endings);
	int told = 0;

	for (int i = 0; i < found; i++) {
		int fd = sf_epoll_find(epfd, events[i].data.u64);

		if (fd >= 0 && half)
			events[i].events = whole(fd, events[i].events);
		if (fd >= 0)
			events[i].events = settle_event(epfd, fd, events[i].events);
		if (events[i].events)
			events[told++] = events[i];
	}
	return told;
}

int sf_held_epoll(int epfd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask)
{
	struct rounds rounds;
	int found, told;

	if (!begin(&rounds, timeout, mask))
		return real_epoll_pwait2(epfd, events, count, timeout, mask);
	rounds.most_ns = sf_self_is_alone() ? 0 : round_ns();
	do {
		found = told = epoll_round(epfd, events, count, next_round(&rounds), rounds.mask);
		if (found > 0)
			told = settle_epoll(epfd, events, found, rounds.endings);
	} while (goes_on(&rounds, found, told));
	end(&rounds);
	return told;
}

int sf_found_epoll(int epfd, struct epoll_event *events, int count, int timeout_ms, int found)
{
	struct rounds rounds;

	if (!are_ours() || !begin(&rounds, timeout_ms == 0 ? &no_time : NULL, NULL))
		return found;
	int told = settle_epoll(epfd, events, found, rounds.endings);

	if (told == 0)
		told = sf_held_epoll(epfd, events, count, rounds.timeout, NULL);
	end(&rounds);
	return told;
}

/* ---- bytes ---- */

bool sf_hides_bytes(int fd)
{
	if (!are_ours())
		return false;
	sf_gate_ahead(fd);
	return sf_silence(fd) & SF_SILENT_IN;
}

/* ---- may it be interrupted? ---- */

static bool poll_finds_nothing(const struct sf_wait *wait, const struct timespec *at_once)
{
	struct pollfd few[POLL_FEW];
	struct rounds none = {0};
	size_t size = wait->count * sizeof few[0];
	struct pollfd *copy = wait->count <= SF_FDS ? borrow(few, sizeof few, size) : NULL;
	bool nothing = copy && (!wait->count || sf_probe_readable(wait->fds, size)) &&
	               poll_rounds(&none, copy, wait->fds, wait->count, at_once) == 0;

	give_back(copy, few, size);
	return nothing;
}

static bool select_finds_nothing(const struct sf_wait *wait, const struct timespec *at_once)
{
	unsigned long few[SETS_FEW];
	struct sets sets = {.count = (int)wait->count, .theirs = {wait->sets[0], wait->sets[1], wait->sets[2]}};

	if (!sets_prepare(&sets, few, sizeof few))
		return false;
	struct rounds none;

	copy_heard(&none, &sets);
	bool nothing = real_pselect(sets.count, ours(&sets, 0), ours(&sets, 1), ours(&sets, 2), at_once, NULL) == 0;

	give_back(sets.ours, few, 3 * sets.size);
	return nothing;
}

bool sf_wait_finds_nothing(const struct sf_call *c)
{
	const struct timespec at_once = {0, 0};
	struct pollfd instance = {c->fd, POLLIN, 0};
	struct timespec now = {0, 0};
	int before = errno;

	if (!c->wait) /* epoll_create, epoll_ctl */
		return false;
	sf_hold_release(sf_self_now_ns());
	const struct timespec *timeout = c->wait->timeout;
	bool waits = !c->wait->at_once &&
	             (!timeout || (sf_probe_readable(timeout, sizeof *timeout) && (timeout->tv_sec || timeout->tv_nsec)));

	if (sf_wait_is_epoll(c)) /* that an instance is readable can be asked without taking what it has */
		return waits && sf_sys(SYS_ppoll, &instance, 1, &now, NULL, 8) == 0;
	bool nothing = c->wait->sets ? select_finds_nothing(c->wait, &at_once) : poll_finds_nothing(c->wait, &at_once);

	errno = before;
	return nothing;
}
