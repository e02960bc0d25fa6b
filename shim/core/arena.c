/* SPDX-License-Identifier: MIT
 *
 * arena.c -- hands out what arena.h describes. Memory alone: no system call, no lock that anyone waits for, no
 * allocation. What finds no room is counted and given up; nothing here can fail in a way that a target could feel.
 */
#include "core/arena.h"

#include <string.h>

#include "core/fault.h"
#include "core/match.h"
#include "core/respite.h"

#define relaxed memory_order_relaxed

uint64_t sf_arena_reach = UINT64_MAX;

const char *const sf_trace_words[3] = {"off", "faults", "all"};

static const struct {
	uint32_t record_size, directory_size;
} tables[SF_TABLE_COUNT] = {
    [SF_PROCESSES] = {sizeof(struct sf_process), SF_DIRECTORY_PROCESSES},
    [SF_THREADS] = {sizeof(struct sf_thread), SF_DIRECTORY_THREADS},
    [SF_SOCKETS] = {sizeof(struct sf_socket), SF_DIRECTORY_SOCKETS},
    [SF_SITES] = {sizeof(struct sf_site), SF_DIRECTORY_SITES},
    [SF_OBJECTS] = {sizeof(struct sf_object), SF_DIRECTORY_OBJECTS},
};

void sf_arena_format(struct sf_arena *arena, uint64_t size, uint32_t pages_ready)
{
	uint64_t directory = offsetof(struct sf_arena, directories);

	arena->version = SF_ARENA_VERSION;
	arena->header_size = sizeof *arena;
	arena->size = size;
	for (int i = 0; i < SF_TABLE_COUNT; i++) {
		struct sf_table *table = &arena->tables[i];

		table->record_size = tables[i].record_size;
		table->per_page = (uint32_t)(SF_PAGE_SIZE / tables[i].record_size);
		table->directory_size = tables[i].directory_size;
		table->directory_at = directory;
		directory += tables[i].directory_size * sizeof(uint32_t);
	}
	atomic_store_explicit(&arena->pages_used, SF_HEADER_PAGES, relaxed);
	atomic_store_explicit(&arena->pages_ready, pages_ready, relaxed);
	memcpy(arena->magic, SF_ARENA_MAGIC, sizeof arena->magic);
}

const char *sf_arena_refuse(const struct sf_arena *arena, uint64_t length)
{
	if (length < sizeof *arena || memcmp(arena->magic, SF_ARENA_MAGIC, sizeof arena->magic) != 0)
		return "it is not a sockfault trace";
	if (arena->version != SF_ARENA_VERSION || arena->header_size != sizeof *arena)
		return "it was written by another version of sockfault";
	uint64_t directory = offsetof(struct sf_arena, directories);

	for (int i = 0; i < SF_TABLE_COUNT; i++) {
		const struct sf_table *table = &arena->tables[i];

		if (table->record_size != tables[i].record_size || table->directory_size != tables[i].directory_size ||
		    table->per_page != SF_PAGE_SIZE / tables[i].record_size || table->directory_at != directory)
			return "it is damaged: a table of its header is not as this version writes it";
		directory += tables[i].directory_size * sizeof(uint32_t);
	}
	return NULL;
}

/* Has become unreachable meanwhile what was just taken? (sf_arena_yield looks the other way round.) */
static bool is_within(uint64_t pages)
{
	return pages <= __atomic_load_n(&sf_arena_reach, __ATOMIC_SEQ_CST) / SF_PAGE_SIZE;
}

uint64_t sf_arena_yield(struct sf_arena *arena, uint64_t reach)
{
	uint64_t before = __atomic_load_n(&sf_arena_reach, __ATOMIC_SEQ_CST), used;

	used = atomic_load(&arena->pages_used) * SF_PAGE_SIZE;
	reach = reach > used ? reach : used;
	if (reach >= before ||
	    !__atomic_compare_exchange_n(&sf_arena_reach, &before, reach, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return sf_arena_reach;
	used = atomic_load(&arena->pages_used) * SF_PAGE_SIZE;
	if (used > reach)
		__atomic_store_n(&sf_arena_reach, used < before ? used : before, __ATOMIC_SEQ_CST);
	return before;
}

uint32_t sf_arena_pages(struct sf_arena *arena, uint32_t count)
{
	uint32_t used = atomic_load_explicit(&arena->pages_used, relaxed);

	do {
		if (used + count > atomic_load_explicit(&arena->pages_ready, memory_order_acquire) || !is_within(used + count))
			return 0;
	} while (!atomic_compare_exchange_weak(&arena->pages_used, &used, used + count));
	return is_within(used + count) ? used : 0;
}

/* heap_at is the next free byte; a piece never crosses the end of a page, so the rest of a page too small is left. */
uint64_t sf_arena_heap(struct sf_arena *arena, uint64_t size)
{
	size = size ? (size + 7) & ~UINT64_C(7) : 8; /* a heap that does not move would look full */
	if (size > SF_PAGE_SIZE / 2) {
		uint32_t page = sf_arena_pages(arena, (uint32_t)((size + SF_PAGE_SIZE - 1) / SF_PAGE_SIZE));

		return page * SF_PAGE_SIZE;
	}
	for (;;) {
		uint64_t at = atomic_load_explicit(&arena->heap_at, relaxed);
		uint64_t next = at + size;

		if (at == 0 || (at % SF_PAGE_SIZE) + size > SF_PAGE_SIZE || at % SF_PAGE_SIZE == 0) {
			uint32_t page = sf_arena_pages(arena, 1);

			if (!page)
				return 0;
			/* A loser of this race leaves its fresh page to the next piece: at worst one page is not used. */
			if (atomic_compare_exchange_strong_explicit(
			        &arena->heap_at, &at, page * SF_PAGE_SIZE + size, relaxed, relaxed))
				return page * SF_PAGE_SIZE;
			continue;
		}
		if (atomic_compare_exchange_weak_explicit(&arena->heap_at, &at, next, relaxed, relaxed))
			return at;
	}
}

static _Atomic uint32_t *directory_of(const struct sf_arena *arena, const struct sf_table *table)
{
	return sf_arena_at(arena, table->directory_at);
}

uint32_t sf_arena_new(struct sf_arena *arena, enum sf_table_name name)
{
	return sf_arena_room(arena, name, atomic_fetch_add_explicit(&arena->tables[name].count, 1, relaxed) + 1);
}

uint32_t sf_arena_room(struct sf_arena *arena, enum sf_table_name name, uint32_t index)
{
	struct sf_table *table = &arena->tables[name];
	uint32_t place = (index - 1) / table->per_page;
	_Atomic uint32_t *entry = directory_of(arena, table) + place;
	uint32_t none = 0;

	if (place < table->directory_size) {
		if (atomic_load_explicit(entry, memory_order_acquire))
			return sf_arena_record(arena, name, index) ? index : 0;
		/* Two threads may take a page for the same place: one page of them stays empty. */
		uint32_t page = sf_arena_pages(arena, 1);

		if (page) {
			atomic_compare_exchange_strong_explicit(entry, &none, page, memory_order_release, memory_order_acquire);
			return index;
		}
		if (atomic_load_explicit(entry, memory_order_acquire))
			return index;
	}
	atomic_fetch_add_explicit(&table->lost, 1, relaxed);
	return 0;
}

uint32_t sf_arena_count(const struct sf_arena *arena, enum sf_table_name name)
{
	uint32_t count = atomic_load_explicit(&arena->tables[name].count, memory_order_acquire);
	uint32_t most = tables[name].directory_size * (uint32_t)(SF_PAGE_SIZE / tables[name].record_size);

	return count < most ? count : most;
}

void *sf_arena_record(const struct sf_arena *arena, enum sf_table_name name, uint32_t index)
{
	const struct sf_table *table = &arena->tables[name];
	uint32_t place = (index - 1) / (uint32_t)(SF_PAGE_SIZE / tables[name].record_size);
	uint32_t within = (index - 1) % (uint32_t)(SF_PAGE_SIZE / tables[name].record_size);

	if (index == 0 || place >= tables[name].directory_size)
		return NULL;
	uint32_t page = atomic_load_explicit(directory_of(arena, table) + place, memory_order_acquire);

	return page && page < sf_arena_reach / SF_PAGE_SIZE
	           ? sf_arena_at(arena, page * SF_PAGE_SIZE + within * tables[name].record_size)
	           : NULL;
}

/* What is in use of a set: between these pieces lie pages that are never touched, and take neither memory nor time. */
enum { PIECES = 4 };
struct piece {
	uint64_t at, length;
};

static void find_pieces(const struct sf_ruleset *set, struct piece pieces[PIECES])
{
	pieces[0] = (struct piece){0, offsetof(struct sf_ruleset, sites)};
	pieces[1] = (struct piece){offsetof(struct sf_ruleset, sites), set->site_count * sizeof *set->sites};
	pieces[2] = (struct piece){offsetof(struct sf_ruleset, text), set->text_used};
	pieces[3] = (struct piece){offsetof(struct sf_ruleset, rules), set->count * sizeof *set->rules};
}

/* Into fresh pages. */
static void copy_rules(struct sf_ruleset *to, const struct sf_ruleset *set)
{
	struct piece pieces[PIECES];

	find_pieces(set, pieces);
	for (int i = 0; i < PIECES; i++)
		memcpy((char *)to + pieces[i].at, (const char *)set + pieces[i].at, pieces[i].length);
}

bool sf_arena_holds(const struct sf_arena *arena, const struct sf_ruleset *set)
{
	const char *held = (const char *)sf_arena_rules(arena);
	struct piece pieces[PIECES];

	find_pieces(set, pieces);
	for (int i = 0; i < PIECES; i++)
		if (memcmp(held + pieces[i].at, (const char *)set + pieces[i].at, pieces[i].length) != 0)
			return false;
	return true;
}

/* Of the set itself, as far as the counters. */
static uint64_t before_counters(const struct sf_ruleset *set)
{
	return (uint64_t)((char *)sf_ruleset_counter(set, 0) - (char *)(uintptr_t)set);
}

uint64_t sf_arena_room_for(const struct sf_ruleset *set)
{
	return before_counters(set) + set->count * sizeof(struct sf_counter) + sizeof(struct sf_groups);
}

bool sf_arena_load(struct sf_arena *arena, const struct sf_ruleset *set)
{
	uint64_t before = before_counters(set);
	uint32_t page = sf_arena_pages(arena, (uint32_t)((sf_arena_room_for(set) + SF_PAGE_SIZE - 1) / SF_PAGE_SIZE));

	if (!page)
		return false;
	copy_rules(sf_arena_at(arena, page * SF_PAGE_SIZE), set);
	atomic_store_explicit(&arena->counters_at, page * SF_PAGE_SIZE + before, relaxed);
	_Static_assert(SF_RULES_MAX <= UINT16_MAX, "they can be counted");
	atomic_store_explicit(&arena->rule_count, (uint16_t)set->count, relaxed);
	atomic_store_explicit(&arena->ruleset_at, page * SF_PAGE_SIZE, memory_order_release);
	/* Descriptors remember the last byte of it, and 0 means that nothing was settled yet. */
	if ((uint8_t)(atomic_fetch_add_explicit(&arena->generation, 1, memory_order_release) + 1) == 0)
		atomic_fetch_add_explicit(&arena->generation, 1, memory_order_release);
	sf_arena_watch(arena);
	return true;
}

/* What can the rule do to a socket for which another thread waits? */
static uint64_t watch_waits(const struct sf_rule *rule)
{
	uint64_t why = sf_rule_ends_connections(rule) ? SF_WATCH_ENDS : 0;

	for (unsigned i = 0; i < rule->action_count; i++)
		if (rule->actions[i].kind == SF_FAULT_latency || rule->actions[i].kind == SF_FAULT_stall ||
		    rule->actions[i].kind == SF_FAULT_rate)
			why |= SF_WATCH_HOLDS;
	return why;
}

void sf_arena_watch(struct sf_arena *arena)
{
	const struct sf_ruleset *set = sf_arena_rules(arena);
	bool paused = atomic_load_explicit(&arena->paused, relaxed);
	uint64_t rules = SF_WATCH_RULES | (uint64_t)atomic_load_explicit(&arena->generation, relaxed)
	                                      << SF_GENERATION_SHIFT;
	uint64_t more = arena->stacks || arena->stamps_are_ns ? SF_WATCH_MORE : 0;
	uint64_t trace = arena->trace_level == SF_TRACE_ALL ? SF_WATCH_TRACE | more : 0;
	uint32_t met = 0;
	uint64_t waits = 0;

	for (uint32_t i = 0; set && !paused && i < set->count; i++) {
		met |= sf_rule_touches(&set->rules[i]);
		waits |= watch_waits(&set->rules[i]);
	}
	for (int i = 0; i < SF_OPERATION_COUNT; i++) {
		uint64_t why = trace | (met & SF_BIT(i) ? rules : 0) | (i == SF_POLL ? waits : 0);
		uint64_t was = atomic_load_explicit(&arena->watch[i], relaxed);

		/* A fault of a target may set SF_WATCH_MEND meanwhile: it stays. */
		while (!atomic_compare_exchange_weak_explicit(
		    &arena->watch[i], &was, why | (was & SF_WATCH_MEND), relaxed, relaxed))
			;
	}
}

/* ---- who made what: lineages and keys ---- */

uint64_t sf_digest_more(uint64_t digest, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < length; i++)
		digest = (digest ^ byte[i]) * UINT64_C(0x100000001b3);
	return digest;
}

uint64_t sf_digest(const void *bytes, size_t length)
{
	return sf_digest_more(UINT64_C(0xcbf29ce484222325), bytes, length);
}

uint64_t sf_lineage_hash(const char *text, size_t length)
{
	return sf_digest(text, length);
}

/* splitmix64's last step: neighbours in n are strangers afterwards. */
uint64_t sf_key_hash(uint64_t lineage_hash, uint64_t n)
{
	uint64_t x = lineage_hash + n * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Text pieces end to end, cut at size with a NUL; the length that all of it needs. */
struct builder {
	char *at;
	size_t size, used;
};

static void put(struct builder *b, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++, b->used++)
		if (b->used + 1 < b->size)
			b->at[b->used] = text[i];
	if (b->size)
		b->at[b->used < b->size ? b->used : b->size - 1] = '\0';
}

static void put_number(struct builder *b, uint64_t number, unsigned base)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = "0123456789abcdef"[number % base];
	while (number /= base);
	while (n--)
		put(b, &digits[n], 1);
}

/* A lineage that does not fit is named by its hash: still one name for one thing. */
static uint64_t settle(struct builder *b, uint64_t parent_hash, char mark, uint64_t n)
{
	if (b->used < b->size && b->at[0] != '~')
		return sf_lineage_hash(b->at, b->used);
	uint64_t hash = sf_key_hash(parent_hash ^ (unsigned char)mark, n);

	b->used = 0;
	put(b, "~", 1);
	put_number(b, hash, 16);
	return sf_lineage_hash(b->at, b->used);
}

static uint64_t extend(char *lineage, size_t size, const char *parent, uint64_t parent_hash, char mark, uint64_t n)
{
	struct builder b = {lineage, size, 0};

	put(&b, parent, strlen(parent));
	put(&b, &mark, 1);
	put_number(&b, n, 10);
	return settle(&b, parent_hash, mark, n);
}

uint32_t sf_process_find(const struct sf_arena *arena, uint32_t pid)
{
	for (uint32_t i = sf_arena_count(arena, SF_PROCESSES); i > 0; i--) {
		const struct sf_process *process = sf_process_at(arena, i);

		if (!process || process->pid != pid)
			continue;
		uint32_t state = atomic_load_explicit(&process->state, memory_order_acquire);

		return state == SF_PROCESS_AWAITED || state == SF_PROCESS_LOADED ? i : 0;
	}
	return 0;
}

/* Main threads are ".1" of their process; thread ".2.1" ends like one, and is none. */
static bool is_main(const struct sf_process *owner, const struct sf_thread *thread)
{
	size_t length = strlen(owner->lineage);

	return strlen(thread->lineage) == length + 2 && memcmp(thread->lineage + length, ".1", 2) == 0;
}

/* A child forked by the main thread is "1/2": the ".1" of main threads is left out of the names of processes. */
static void put_forker(const struct sf_arena *arena, const struct sf_thread *forker, char *lineage, size_t size)
{
	const struct sf_process *owner = sf_process_at(arena, forker->process);
	struct builder b = {lineage, size, 0};

	put(&b, forker->lineage, strlen(forker->lineage) - (owner && is_main(owner, forker) ? 2 : 0));
}

static void
name_process(struct sf_arena *arena, struct sf_process *process, uint32_t parent, uint32_t thread, uint32_t nth)
{
	struct sf_thread *forker = sf_thread_at(arena, thread);
	struct sf_process *mother = sf_process_at(arena, parent);
	char from[sizeof process->lineage] = "1";
	uint64_t hash = 0;

	if (forker) {
		put_forker(arena, forker, from, sizeof from);
		hash = forker->lineage_hash;
		if (!nth)
			nth = atomic_fetch_add_explicit(&forker->forks, 1, relaxed) + 1;
		process->lineage_hash = extend(process->lineage, sizeof process->lineage, from, hash, '/', nth);
	} else if (mother) {
		process->lineage_hash = extend(
		    process->lineage, sizeof process->lineage, mother->lineage, mother->lineage_hash, '+',
		    atomic_fetch_add_explicit(&mother->forks, 1, relaxed) + 1);
	} else if (process->number == 1) {
		memcpy(process->lineage, "1", 2);
		process->lineage_hash = sf_lineage_hash("1", 1);
	} else {
		process->lineage_hash = extend(
		    process->lineage, sizeof process->lineage, "0", 0, '/',
		    atomic_fetch_add_explicit(&arena->orphans, 1, relaxed) + 1);
	}
}

uint32_t sf_process_new(struct sf_arena *arena, uint32_t parent, uint32_t thread, uint32_t nth, uint32_t pid)
{
	uint32_t index = sf_arena_new(arena, SF_PROCESSES);
	struct sf_process *process = sf_process_at(arena, index);

	if (!process)
		return 0;
	process->parent = parent;
	process->pid = pid;
	process->number = atomic_fetch_add_explicit(&arena->process_count, 1, relaxed) + 1;
	name_process(arena, process, parent, thread, nth);
	atomic_store_explicit(&process->state, SF_PROCESS_AWAITED, memory_order_release);
	return index;
}

/* Main threads are ".1"; what the main thread creates is ".2", ".3" ...; what thread ".3" creates is ".3.1", ".3.2" ...
 */
uint32_t sf_thread_new(struct sf_arena *arena, uint32_t process, uint32_t creator, uint32_t tid)
{
	uint32_t index = sf_arena_new(arena, SF_THREADS);
	struct sf_thread *thread = sf_thread_at(arena, index);
	struct sf_process *owner = sf_process_at(arena, process);
	struct sf_thread *maker = sf_thread_at(arena, creator);

	if (!thread || !owner)
		return 0;
	thread->tid = tid;
	thread->process = process;
	if (!maker) {
		thread->lineage_hash =
		    extend(thread->lineage, sizeof thread->lineage, owner->lineage, owner->lineage_hash, '.', 1);
		return index;
	}
	uint64_t n = atomic_fetch_add_explicit(&maker->threads, 1, relaxed) + 1;

	if (is_main(owner, maker))
		thread->lineage_hash =
		    extend(thread->lineage, sizeof thread->lineage, owner->lineage, owner->lineage_hash, '.', n + 1);
	else
		thread->lineage_hash =
		    extend(thread->lineage, sizeof thread->lineage, maker->lineage, maker->lineage_hash, '.', n);
	return index;
}

uint64_t sf_socket_hash(const struct sf_arena *arena, const struct sf_socket *socket)
{
	const struct sf_thread *owner = sf_thread_at(arena, socket->thread);

	return owner ? sf_key_hash(owner->lineage_hash, socket->nth) : 0;
}

const char *sf_socket_key(const struct sf_thread *owner, const struct sf_socket *socket, char *text)
{
	struct builder b = {text, SF_KEY_SIZE, 0};

	put(&b, "", 0);
	if (!owner)
		return text;
	put(&b, owner->lineage, strnlen(owner->lineage, sizeof owner->lineage));
	put(&b, ":", 1);
	put_number(&b, socket->nth, 10);
	return text;
}

/* ---- time ---- */

/* The quotient is of 128 bits: ticks of a day times the nanoseconds of a day do not fit 64. */
uint64_t sf_arena_duration(const struct sf_arena *arena, uint64_t ticks)
{
	const struct sf_clock_pair *a = &arena->clock_first, *b = &arena->clock_last;

	if (arena->stamps_are_ns || b->ticks <= a->ticks || b->ns <= a->ns)
		return ticks;
	return (uint64_t)((unsigned __int128)ticks * (b->ns - a->ns) / (b->ticks - a->ticks));
}

uint64_t sf_arena_ns(const struct sf_arena *arena, uint64_t stamp)
{
	const struct sf_clock_pair *a = &arena->clock_first;

	if (stamp < a->ticks)
		return 0;
	uint64_t ns = a->ns + sf_arena_duration(arena, stamp - a->ticks);

	return ns > arena->start_ns ? ns - arena->start_ns : 0;
}
