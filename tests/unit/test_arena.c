/* SPDX-License-Identifier: MIT
 *
 * test_arena.c -- the shared file as memory: pages, heap, tables, names of processes, threads and connections, clocks.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/match.h"
#include "made_trace.h"
#include "rules.h"
#include "unit.h"

/* ---- pages and heap ---- */

static void pages_are_handed_out_once_and_only_below_pages_ready(void **state)
{
	struct made_trace trace = made_trace(SF_HEADER_PAGES + 5);

	(void)state;
	assert_int_equal(sf_arena_pages(trace.arena, 2), SF_HEADER_PAGES);
	assert_int_equal(sf_arena_pages(trace.arena, 4), 0);
	assert_int_equal(sf_arena_pages(trace.arena, 3), SF_HEADER_PAGES + 2);
	assert_int_equal(sf_arena_pages(trace.arena, 1), 0);
	atomic_store(&trace.arena->pages_ready, SF_HEADER_PAGES + 4); /* never asked for what is not ready */
	assert_int_equal(sf_arena_pages(trace.arena, 1), 0);
	made_trace_free(&trace);
}

static void pages_that_become_ready_can_be_used(void **state)
{
	struct made_trace trace = made_trace(SF_HEADER_PAGES + 2);

	(void)state;
	atomic_store(&trace.arena->pages_ready, SF_HEADER_PAGES);
	assert_int_equal(sf_arena_pages(trace.arena, 1), 0);
	assert_int_equal(sf_arena_heap(trace.arena, 8), 0);
	assert_int_equal(sf_arena_new(trace.arena, SF_SOCKETS), 0);
	atomic_store(&trace.arena->pages_ready, SF_HEADER_PAGES + 2);
	assert_int_not_equal(sf_arena_heap(trace.arena, 8), 0);
	assert_int_equal(sf_arena_new(trace.arena, SF_SOCKETS), 2); /* 1 was lost */
	assert_int_equal(trace.arena->tables[SF_SOCKETS].lost, 1);
	made_trace_free(&trace);
}

static void what_is_yielded_is_what_nobody_has(void **state)
{
	struct made_trace trace = made_trace(SF_HEADER_PAGES + 9);
	uint64_t whole = sf_arena_reach;

	(void)state;
	sf_arena_reach = (SF_HEADER_PAGES + 9) * SF_PAGE_SIZE;
	assert_int_equal(sf_arena_pages(trace.arena, 3), SF_HEADER_PAGES);
	assert_int_equal(
	    sf_arena_yield(trace.arena, (SF_HEADER_PAGES + 4) * SF_PAGE_SIZE), (SF_HEADER_PAGES + 9) * SF_PAGE_SIZE);
	assert_int_equal(sf_arena_pages(trace.arena, 2), 0);
	assert_int_equal(sf_arena_pages(trace.arena, 1), SF_HEADER_PAGES + 3);
	assert_int_equal(sf_arena_pages(trace.arena, 1), 0);
	assert_int_equal(sf_arena_yield(trace.arena, SF_PAGE_SIZE), (SF_HEADER_PAGES + 4) * SF_PAGE_SIZE);
	assert_int_equal(sf_arena_reach, (SF_HEADER_PAGES + 4) * SF_PAGE_SIZE); /* it is all in use */
	sf_arena_yield(trace.arena, (SF_HEADER_PAGES + 9) * SF_PAGE_SIZE);
	assert_int_equal(sf_arena_reach, (SF_HEADER_PAGES + 4) * SF_PAGE_SIZE); /* what is gone is gone */
	sf_arena_reach = whole;
	made_trace_free(&trace);
}

static void rules_that_lie_out_of_reach_do_not_exist(void **state)
{
	struct made_trace trace = made_trace(SF_HEADER_PAGES + 200);
	uint64_t whole = sf_arena_reach;
	struct sf_ruleset *set = rules_parsed("recv: short 1");

	(void)state;
	assert_true(sf_arena_load(trace.arena, set));
	assert_non_null(sf_arena_rules(trace.arena));
	sf_arena_reach = atomic_load(&trace.arena->ruleset_at) + SF_PAGE_SIZE; /* its beginning, not its counters */
	assert_null(sf_arena_rules(trace.arena));
	sf_arena_reach = SF_PAGE_SIZE;
	assert_null(sf_arena_rules(trace.arena));
	sf_arena_reach = whole;
	made_trace_free(&trace);
}

struct piece {
	uint64_t at, size;
};

static int by_place(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void are_apart(struct piece *pieces, size_t count)
{
	qsort(pieces, count, sizeof *pieces, by_place);
	for (size_t i = 0; i < count; i++) {
		const struct piece *one = &pieces[i];

		assert_true(one->at >= SF_HEADER_PAGES * SF_PAGE_SIZE);
		assert_int_equal(one->at % 8, 0);
		if (one->size)
			assert_int_equal(one->at / SF_PAGE_SIZE, (one->at + one->size - 1) / SF_PAGE_SIZE);
		if (i + 1 < count)
			assert_true(one->at + one->size <= pieces[i + 1].at);
	}
}

static void take_pieces(struct sf_arena *arena, uint64_t random, struct piece *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t most = rules_draw(&random, 20) ? 600 : SF_PAGE_SIZE;

		pieces[i].size = 1 + rules_draw(&random, most);
		pieces[i].at = sf_arena_heap(arena, pieces[i].size);
	}
}

static void the_heap_never_crosses_a_page_and_never_overlaps(void **state)
{
	static struct piece pieces[2000];
	struct made_trace trace = made_trace(400);

	(void)state;
	take_pieces(trace.arena, 11, pieces, 2000);
	are_apart(pieces, 2000);
	made_trace_free(&trace);
}

static void pieces_of_the_heap_are_zero(void **state)
{
	struct made_trace trace = made_trace(50);

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		unsigned char *piece = sf_arena_at(trace.arena, sf_arena_heap(trace.arena, 1000));

		for (unsigned n = 0; n < 1000; n++)
			assert_int_equal(piece[n], 0);
		memset(piece, 0xff, 1000);
	}
	made_trace_free(&trace);
}

static void the_heap_takes_as_few_pages_as_it_can(void **state)
{
	struct made_trace trace = made_trace(20);
	uint32_t before = trace.arena->pages_used;

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		assert_int_not_equal(sf_arena_heap(trace.arena, 1024), 0);
	assert_int_equal(trace.arena->pages_used, before + 1);
	assert_int_not_equal(sf_arena_heap(trace.arena, 1), 0);
	assert_int_equal(trace.arena->pages_used, before + 2);
	made_trace_free(&trace);
}

/* A run without rules asks for no bits at all, for each socket. */
static void pieces_of_no_bytes_take_no_page_each(void **state)
{
	struct made_trace trace = made_trace(20);
	uint32_t before = trace.arena->pages_used;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_int_not_equal(sf_arena_heap(trace.arena, 0), 0);
	assert_int_equal(trace.arena->pages_used, before + 1);
	made_trace_free(&trace);
}

static void a_full_heap_says_so(void **state)
{
	struct made_trace trace = made_trace(SF_HEADER_PAGES + 1);

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		assert_int_not_equal(sf_arena_heap(trace.arena, 1024), 0);
	assert_int_equal(sf_arena_heap(trace.arena, 8), 0);
	assert_int_equal(sf_arena_heap(trace.arena, SF_PAGE_SIZE), 0);
	made_trace_free(&trace);
}

/* ---- several threads ---- */

#define THREADS 4
#define EACH 100000

/* What each thread takes, EACH times; the place or number of it. */
struct taker {
	struct sf_arena *arena;
	pthread_barrier_t *start;
	uint64_t (*take)(struct sf_arena *arena);
	uint64_t taken[EACH];
};

static void *take(void *argument)
{
	struct taker *taker = argument;

	pthread_barrier_wait(taker->start);
	for (unsigned i = 0; i < EACH; i++)
		taker->taken[i] = taker->take(taker->arena);
	return NULL;
}

/* All that several threads took at once, by place. */
static const struct piece *taken_at_once(struct made_trace *trace, uint64_t (*what)(struct sf_arena *arena))
{
	static struct taker takers[THREADS];
	static struct piece all[THREADS * EACH];
	pthread_t threads[THREADS];
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		takers[i].arena = trace->arena;
		takers[i].start = &start;
		takers[i].take = what;
		assert_int_equal(pthread_create(&threads[i], NULL, take, &takers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	for (unsigned i = 0; i < THREADS * EACH; i++)
		all[i].at = takers[i / EACH].taken[i % EACH];
	qsort(all, THREADS * EACH, sizeof *all, by_place);
	return all;
}

static uint64_t take_page(struct sf_arena *arena)
{
	return sf_arena_pages(arena, 1);
}

/* Numbers alone: none of these pages is touched. */
static void threads_get_different_pages(void **state)
{
	struct made_trace trace = made_trace(SF_HEADER_PAGES + 1);

	(void)state;
	atomic_store(&trace.arena->pages_ready, SF_HEADER_PAGES + THREADS * EACH);
	const struct piece *pages = taken_at_once(&trace, take_page);

	for (unsigned i = 0; i < THREADS * EACH; i++)
		assert_int_equal(pages[i].at, SF_HEADER_PAGES + i);
	made_trace_free(&trace);
}

static uint64_t take_piece(struct sf_arena *arena)
{
	return sf_arena_heap(arena, 24);
}

static void threads_get_different_pieces(void **state)
{
	struct made_trace trace = made_trace(400);
	const struct piece *pieces = taken_at_once(&trace, take_piece);

	(void)state;
	for (unsigned i = 1; i < THREADS * EACH; i++)
		assert_true(pieces[i - 1].at + 24 <= pieces[i].at);
	assert_int_not_equal(pieces[0].at, 0);
	made_trace_free(&trace);
}

static uint64_t take_record(struct sf_arena *arena)
{
	uint32_t index = sf_arena_new(arena, SF_SITES);

	sf_site_at(arena, index)->offset = index;
	return index;
}

static void threads_get_different_records(void **state)
{
	struct made_trace trace = made_trace(400);
	const struct piece *records = taken_at_once(&trace, take_record);

	(void)state;
	for (uint32_t i = 0; i < THREADS * EACH; i++) {
		assert_int_equal(records[i].at, i + 1);
		assert_int_equal(sf_site_at(trace.arena, i + 1)->offset, i + 1);
	}
	made_trace_free(&trace);
}

/* ---- tables ---- */

static void records_are_zeroed_and_lie_apart(void **state)
{
	struct made_trace trace = made_trace(60);

	(void)state;
	for (int table = 0; table < SF_TABLE_COUNT; table++) {
		uint32_t size = trace.arena->tables[table].record_size, first = trace.arena->tables[table].count + 1;

		for (uint32_t i = first; i < first + 600; i++) {
			assert_int_equal(sf_arena_new(trace.arena, (enum sf_table_name)table), i);
			unsigned char *record = sf_arena_record(trace.arena, (enum sf_table_name)table, i);

			for (uint32_t n = 0; n < size; n++)
				assert_int_equal(record[n], 0);
			memset(record, 0xff, size);
		}
		assert_int_equal(trace.arena->tables[table].lost, 0);
	}
	made_trace_free(&trace);
}

static void there_is_no_record_zero_and_none_beyond_the_pages(void **state)
{
	struct made_trace trace = made_trace(20);

	(void)state;
	assert_null(sf_socket_at(trace.arena, 0));
	assert_null(sf_socket_at(trace.arena, 1));
	sf_arena_new(trace.arena, SF_SOCKETS);
	assert_non_null(sf_socket_at(trace.arena, 1));
	assert_null(sf_socket_at(trace.arena, 1 + trace.arena->tables[SF_SOCKETS].per_page));
	assert_null(sf_socket_at(trace.arena, UINT32_MAX));
	assert_null(sf_event_page_at(trace.arena, 0));
	made_trace_free(&trace);
}

/* The directory of objects is the smallest. */
static void records_beyond_the_directory_are_lost_and_counted(void **state)
{
	struct made_trace trace = made_trace(SF_HEADER_PAGES + SF_DIRECTORY_OBJECTS + 10);
	struct sf_table *table = &trace.arena->tables[SF_OBJECTS];
	uint32_t most = table->per_page * table->directory_size;

	(void)state;
	for (uint32_t i = 1; i <= most; i++)
		assert_int_equal(sf_arena_new(trace.arena, SF_OBJECTS), i);
	for (uint32_t i = 1; i <= 7; i++) {
		assert_int_equal(sf_arena_new(trace.arena, SF_OBJECTS), 0);
		assert_int_equal(table->lost, i);
	}
	assert_non_null(sf_object_at(trace.arena, most));
	assert_null(sf_object_at(trace.arena, most + 1));
	made_trace_free(&trace);
}

static void directories_lie_in_the_header_apart(void **state)
{
	struct made_trace trace = made_trace(20);
	uint64_t at = offsetof(struct sf_arena, directories);

	(void)state;
	for (int i = 0; i < SF_TABLE_COUNT; i++) {
		assert_int_equal(trace.arena->tables[i].directory_at, at);
		at += trace.arena->tables[i].directory_size * sizeof(uint32_t);
	}
	assert_true(at <= sizeof(struct sf_arena));
	made_trace_free(&trace);
}

/* ---- what is refused ---- */

static void an_arena_of_this_build_is_taken(void **state)
{
	struct made_trace trace = made_trace(20);

	(void)state;
	assert_null(sf_arena_refuse(trace.arena, trace.size));
	assert_null(sf_arena_refuse(trace.arena, sizeof(struct sf_arena)));
	made_trace_free(&trace);
}

static void refused(struct made_trace *trace, uint64_t length, const char *why)
{
	const char *said = sf_arena_refuse(trace->arena, length);

	if (!said || !strstr(said, why))
		fail_msg("'%s' was expected, not '%s'", why, said ? said : "(taken)");
}

static void what_is_no_arena_is_refused_in_words(void **state)
{
	struct made_trace trace = made_trace(20);

	(void)state;
	refused(&trace, sizeof(struct sf_arena) - 1, "not a sockfault trace");
	refused(&trace, 0, "not a sockfault trace");
	trace.arena->magic[7] = 'x';
	refused(&trace, trace.size, "not a sockfault trace");
	trace.arena->magic[7] = '\0';
	trace.arena->version++;
	refused(&trace, trace.size, "another version");
	trace.arena->version--;
	trace.arena->header_size--;
	refused(&trace, trace.size, "another version");
	trace.arena->header_size++;
	assert_null(sf_arena_refuse(trace.arena, trace.size));
	made_trace_free(&trace);
}

static void a_damaged_table_is_refused(void **state)
{
	struct made_trace trace = made_trace(20);

	(void)state;
	for (int i = 0; i < SF_TABLE_COUNT; i++) {
		struct sf_table *table = &trace.arena->tables[i], good = *table;

		table->record_size = 0;
		refused(&trace, trace.size, "damaged");
		*table = good;
		table->per_page++;
		refused(&trace, trace.size, "damaged");
		*table = good;
		table->directory_size = UINT32_MAX;
		refused(&trace, trace.size, "damaged");
		*table = good;
		table->directory_at = sizeof(struct sf_arena);
		refused(&trace, trace.size, "damaged");
		*table = good;
		table->directory_at = UINT64_MAX - 3;
		refused(&trace, trace.size, "damaged");
		*table = good;
	}
	made_trace_free(&trace);
}

/* ---- loading rules ---- */

static bool load(struct made_trace *trace, const char *rules)
{
	struct sf_ruleset *set = rules_parsed(rules);

	sf_ruleset_finish(set);
	return sf_arena_load(trace->arena, set);
}

static void loaded_rules_are_those_that_were_given(void **state)
{
	struct made_trace trace = made_trace(40);

	(void)state;
	assert_null(sf_arena_rules(trace.arena));
	assert_true(load(&trace, "seed 9\nrecv peer=*:80: reset\nsend data=\"GET\": short 5"));
	const struct sf_ruleset *set = sf_arena_rules(trace.arena);

	assert_int_equal(set->seed, 9);
	assert_int_equal(set->count, 2);
	assert_memory_equal(sf_text_of(set, set->rules[1].data), "GET", 3);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal((uintptr_t)sf_arena_counter(trace.arena, i) % 64, 0);
		assert_int_equal(sf_arena_counter(trace.arena, i)->seen, 0);
	}
	assert_true((char *)sf_arena_counter(trace.arena, 0) >= (const char *)set + sf_ruleset_size(set));
	made_trace_free(&trace);
}

static void counters_lie_behind_the_rules_in_pages_of_their_own(void **state)
{
	static char text[900 * 32];
	size_t length = 0;

	(void)state;
	for (unsigned count = 1; count < 900; count++) {
		struct made_trace trace = made_trace(60);

		length += (size_t)snprintf(text + length, sizeof text - length, "recv nth=%u: reset\n", count);
		if (count % 29 == 0) {
			assert_true(load(&trace, text));
			const char *end = (const char *)sf_arena_counter(trace.arena, count);

			assert_true(end <= (const char *)trace.arena + trace.arena->pages_used * SF_PAGE_SIZE);
		}
		made_trace_free(&trace);
	}
}

static void rules_loaded_again_count_anew(void **state)
{
	struct made_trace trace = made_trace(40);

	(void)state;
	assert_true(load(&trace, "recv: reset"));
	const struct sf_ruleset *old = sf_arena_rules(trace.arena);

	sf_arena_counter(trace.arena, 0)->seen = 5;
	assert_true(load(&trace, "send: short 5"));
	assert_ptr_not_equal(sf_arena_rules(trace.arena), old);
	assert_int_equal(sf_arena_counter(trace.arena, 0)->seen, 0);
	assert_int_equal(old->rules[0].operations, SF_BIT(SF_RECV)); /* a call that is at it may still be reading */
	assert_int_equal(trace.arena->watch[SF_RECV] & SF_WATCH_RULES, 0);
	assert_int_equal(trace.arena->watch[SF_SEND] & SF_WATCH_RULES, SF_WATCH_RULES);
	made_trace_free(&trace);
}

static void the_generation_never_ends_in_a_zero_byte(void **state)
{
	struct made_trace trace = made_trace(3000);
	uint32_t before = trace.arena->generation;

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		assert_true(load(&trace, "recv: reset"));
		assert_int_not_equal((uint8_t)trace.arena->generation, 0);
		assert_int_not_equal((uint8_t)trace.arena->generation, (uint8_t)before);
		before = trace.arena->generation;
	}
	made_trace_free(&trace);
}

static void rules_without_room_leave_the_old_ones(void **state)
{
	struct made_trace trace = made_trace(SF_HEADER_PAGES + 3);

	(void)state;
	assert_true(load(&trace, "recv: reset"));
	const struct sf_ruleset *set = sf_arena_rules(trace.arena);
	uint32_t generation = trace.arena->generation;

	while (sf_arena_pages(trace.arena, 1))
		;
	assert_false(load(&trace, "send: short 5"));
	assert_ptr_equal(sf_arena_rules(trace.arena), set);
	assert_int_equal(trace.arena->generation, generation);
	made_trace_free(&trace);
}

static void the_watch_is_of_rules_trace_and_after_states(void **state)
{
	struct made_trace trace = made_trace(40);

	(void)state;
	trace.arena->trace_level = SF_TRACE_FAULTS;
	trace.arena->stamps_are_ns = 0;
	trace.arena->watch[SF_POLL] = SF_WATCH_MEND;
	assert_true(load(&trace, "recv,close: reset"));
	uint64_t rules = SF_WATCH_RULES | (uint64_t)trace.arena->generation << SF_GENERATION_SHIFT;

	assert_int_equal(trace.arena->watch[SF_RECV], rules);
	assert_int_equal(trace.arena->watch[SF_CLOSE], rules);
	assert_int_equal(trace.arena->watch[SF_SEND], rules); /* a thread may be blocked there when it is reset */
	assert_int_equal(trace.arena->watch[SF_LISTEN], 0);
	assert_int_equal(trace.arena->watch[SF_POLL], SF_WATCH_MEND | SF_WATCH_ENDS); /* and wait there */
	trace.arena->paused = 1;
	trace.arena->trace_level = SF_TRACE_ALL;
	trace.arena->stamps_are_ns = 0;
	sf_arena_watch(trace.arena);
	assert_int_equal(trace.arena->watch[SF_RECV], SF_WATCH_TRACE);
	assert_int_equal(trace.arena->watch[SF_POLL], SF_WATCH_TRACE | SF_WATCH_MEND);
	trace.arena->stamps_are_ns = 1;
	sf_arena_watch(trace.arena);
	assert_int_equal(trace.arena->watch[SF_RECV], SF_WATCH_TRACE | SF_WATCH_MORE); /* a stamp is a call of the clock */
	made_trace_free(&trace);
}

/* ---- names ---- */

struct family {
	struct made_trace trace;
	struct sf_arena *arena;
	uint32_t command, main; /* process 1 and its main thread */
};

static struct family family_begin(void)
{
	struct family family = {.trace = made_trace(200)};

	family.arena = family.trace.arena;
	family.command = sf_process_new(family.arena, 0, 0, 0, 100);
	family.main = sf_thread_new(family.arena, family.command, 0, 100);
	return family;
}

static void family_end(struct family *family)
{
	made_trace_free(&family->trace);
}

static uint32_t thread_of(struct family *family, uint32_t creator)
{
	return sf_thread_new(family->arena, sf_thread_at(family->arena, creator)->process, creator, 5);
}

/* The main thread of a process that this thread forked. */
static uint32_t child_of(struct family *family, uint32_t forker)
{
	uint32_t process = sf_process_new(family->arena, sf_thread_at(family->arena, forker)->process, forker, 0, 200);

	return sf_thread_new(family->arena, process, 0, 200);
}

static const char *name_of(const struct family *family, uint32_t thread)
{
	const struct sf_thread *record = sf_thread_at(family->arena, thread);

	assert_int_equal(record->lineage_hash, sf_lineage_hash(record->lineage, strlen(record->lineage)));
	return record->lineage;
}

static const char *process_name_of(const struct family *family, uint32_t thread)
{
	const struct sf_process *record = sf_process_at(family->arena, sf_thread_at(family->arena, thread)->process);

	assert_int_equal(record->lineage_hash, sf_lineage_hash(record->lineage, strlen(record->lineage)));
	return record->lineage;
}

static void threads_are_named_by_who_created_them(void **state)
{
	struct family family = family_begin();

	(void)state;
	assert_string_equal(name_of(&family, family.main), "1.1");
	uint32_t second = thread_of(&family, family.main), third = thread_of(&family, family.main);

	assert_string_equal(name_of(&family, second), "1.2");
	assert_string_equal(name_of(&family, third), "1.3");
	uint32_t grandchild = thread_of(&family, third);

	assert_string_equal(name_of(&family, grandchild), "1.3.1");
	assert_string_equal(name_of(&family, thread_of(&family, third)), "1.3.2");
	assert_string_equal(name_of(&family, thread_of(&family, grandchild)), "1.3.1.1");
	for (unsigned i = 4; i < 10; i++)
		thread_of(&family, family.main);
	uint32_t tenth = thread_of(&family, family.main);

	assert_string_equal(name_of(&family, tenth), "1.10"); /* which only begins like the main thread */
	assert_string_equal(name_of(&family, thread_of(&family, tenth)), "1.10.1");
	assert_string_equal(process_name_of(&family, child_of(&family, tenth)), "1.10/1");
	family_end(&family);
}

static void processes_are_named_by_who_forked_them(void **state)
{
	struct family family = family_begin();

	(void)state;
	assert_string_equal(process_name_of(&family, family.main), "1");
	uint32_t second = thread_of(&family, family.main);
	uint32_t first_child = child_of(&family, family.main);

	assert_string_equal(process_name_of(&family, first_child), "1/1");
	assert_string_equal(name_of(&family, first_child), "1/1.1");
	assert_string_equal(process_name_of(&family, child_of(&family, family.main)), "1/2");
	assert_string_equal(process_name_of(&family, child_of(&family, second)), "1.2/1");
	assert_string_equal(process_name_of(&family, child_of(&family, first_child)), "1/1/1");
	assert_string_equal(name_of(&family, thread_of(&family, first_child)), "1/1.2");
	family_end(&family);
}

static void children_that_no_thread_claims_are_named_apart(void **state)
{
	struct family family = family_begin();
	uint32_t spawned = sf_process_new(family.arena, family.command, 0, 0, 300);
	uint32_t again = sf_process_new(family.arena, family.command, 0, 0, 301);
	uint32_t orphan = sf_process_new(family.arena, 0, 0, 0, 302);

	(void)state;
	assert_string_equal(sf_process_at(family.arena, spawned)->lineage, "1+1");
	assert_string_equal(sf_process_at(family.arena, again)->lineage, "1+2");
	assert_string_equal(sf_process_at(family.arena, orphan)->lineage, "0/1");
	assert_int_equal(sf_process_at(family.arena, orphan)->number, 4);
	family_end(&family);
}

static void a_child_whose_number_is_known_gets_it(void **state)
{
	struct family family = family_begin();
	uint32_t seventh = sf_process_new(family.arena, family.command, family.main, 7, 300);

	(void)state;
	assert_string_equal(sf_process_at(family.arena, seventh)->lineage, "1/7");
	assert_string_equal(process_name_of(&family, child_of(&family, family.main)), "1/1");
	family_end(&family);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void are_all_different(const char **names, size_t count)
{
	qsort(names, count, sizeof *names, by_text);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			fail_msg("'%s' is the name of two", names[i]);
}

/* A tree of forks and threads of any shape: no two have one name, however long the way to them. */
static void no_two_threads_or_processes_have_one_name(void **state)
{
	static const char *threads[1200], *processes[1200];
	static uint32_t made[1200];
	struct family family = family_begin();
	size_t thread_count = 0, process_count = 0;
	uint64_t random = 4;

	(void)state;
	made[thread_count] = family.main;
	threads[thread_count++] = name_of(&family, family.main);
	while (thread_count < 1200) {
		size_t near = thread_count < 8 ? thread_count : 8; /* of the newest: names grow long */
		uint32_t parent = made
		    [rules_draw(&random, 3) ? thread_count - 1 - rules_draw(&random, near) : rules_draw(&random, thread_count)];
		bool forks = rules_draw(&random, 2);

		made[thread_count] = forks ? child_of(&family, parent) : thread_of(&family, parent);
		if (forks)
			processes[process_count++] = process_name_of(&family, made[thread_count]);
		threads[thread_count] = name_of(&family, made[thread_count]);
		thread_count++;
	}
	are_all_different(threads, thread_count);
	are_all_different(processes, process_count);
	family_end(&family);
}

static void long_names_become_hashes_that_fit(void **state)
{
	struct family family = family_begin();
	uint32_t thread = family.main;
	unsigned hashed = 0;

	(void)state;
	for (unsigned depth = 0; depth < 60; depth++) {
		thread = depth % 2 ? child_of(&family, thread) : thread_of(&family, thread);
		const char *name = name_of(&family, thread);

		assert_true(memchr(name, '\0', sizeof sf_thread_at(family.arena, thread)->lineage) != NULL);
		hashed += name[0] == '~';
		assert_int_equal(hashed > 0, name[0] == '~'); /* once a hash, always one */
	}
	assert_in_range(hashed, 1, 59);
	family_end(&family);
}

static void the_same_tree_gets_the_same_names(void **state)
{
	char names[2][64];

	(void)state;
	for (unsigned run = 0; run < 2; run++) {
		struct family family = family_begin();
		uint32_t thread = family.main;

		for (unsigned depth = 0; depth < 60; depth++)
			thread = depth % 2 ? child_of(&family, thread) : thread_of(&family, thread);
		snprintf(names[run], sizeof names[run], "%s", name_of(&family, thread));
		family_end(&family);
	}
	assert_string_equal(names[0], names[1]);
}

static void a_process_is_found_by_its_pid_until_it_has_exited(void **state)
{
	struct family family = family_begin();
	uint32_t old = sf_process_new(family.arena, family.command, family.main, 0, 300);

	(void)state;
	assert_int_equal(sf_process_find(family.arena, 300), old);
	assert_int_equal(sf_process_find(family.arena, 301), 0);
	sf_process_at(family.arena, old)->state = SF_PROCESS_EXITED;
	assert_int_equal(sf_process_find(family.arena, 300), 0);
	uint32_t reused = sf_process_new(family.arena, family.command, family.main, 0, 300);

	assert_int_equal(sf_process_find(family.arena, 300), reused);
	sf_process_at(family.arena, reused)->state = SF_PROCESS_LOADED;
	assert_int_equal(sf_process_find(family.arena, 300), reused);
	family_end(&family);
}

static struct sf_socket *connection_of(struct family *family, uint32_t thread)
{
	return sf_socket_at(family->arena, made_socket(&family->trace, thread, 80));
}

static const char *key_of(const struct family *family, const struct sf_socket *socket)
{
	static char text[SF_KEY_SIZE];

	return sf_socket_key(sf_thread_at(family->arena, socket->thread), socket, text);
}

static void connections_are_named_by_thread_and_numbered_by_run(void **state)
{
	struct family family = family_begin();
	uint32_t third = thread_of(&family, thread_of(&family, family.main));
	struct sf_socket *first = connection_of(&family, third), *second = connection_of(&family, family.main);
	struct sf_socket *last = connection_of(&family, third);

	(void)state;
	assert_string_equal(key_of(&family, first), "1.2.1:1");
	assert_string_equal(key_of(&family, second), "1.1:1");
	assert_string_equal(key_of(&family, last), "1.2.1:2");
	assert_int_equal(first->conn, 1);
	assert_int_equal(last->conn, 3);
	assert_int_equal(last->thread, third);
	assert_int_equal(last->process, family.command);
	assert_int_equal(sf_socket_hash(family.arena, last), sf_key_hash(sf_lineage_hash("1.2.1", 5), 2));
	family_end(&family);
}

static void a_connection_is_named_once(void **state)
{
	struct family family = family_begin();
	struct sf_socket *socket = connection_of(&family, family.main);

	(void)state;
	sf_socket_name(
	    family.arena, socket, thread_of(&family, family.main),
	    sf_thread_at(family.arena, thread_of(&family, family.main)));
	assert_string_equal(key_of(&family, socket), "1.1:1");
	assert_int_equal(family.arena->conn_count, 1);
	family_end(&family);
}

static void keys_of_long_lineages_fit(void **state)
{
	struct family family = family_begin();
	uint32_t thread = family.main;
	char text[128];

	(void)state;
	for (unsigned depth = 0; depth < 40; depth++) {
		thread = thread_of(&family, thread);
		sf_thread_at(family.arena, thread)->conns = UINT32_MAX - 1;
		struct sf_socket *socket = connection_of(&family, thread);

		snprintf(text, sizeof text, "%s:4294967295", name_of(&family, thread));
		assert_string_equal(key_of(&family, socket), text);
		snprintf(text, sizeof text, "recv key=%s: reset", key_of(&family, socket));
		assert_null(rules_refused(text)); /* what events show can be written in a rule */
	}
	family_end(&family);
}

static void keys_of_children_that_no_thread_claims_can_be_written_in_rules(void **state)
{
	struct family family = family_begin();
	uint32_t spawned = sf_process_new(family.arena, family.command, 0, 0, 300);
	uint32_t thread = sf_thread_new(family.arena, spawned, 0, 300);

	(void)state;
	assert_string_equal(key_of(&family, connection_of(&family, thread)), "1+1.1:1");
	assert_null(rules_refused("recv key=1+1.1:1: reset"));
	assert_non_null(rules_refused("recv key=1+.1:1: reset"));
	assert_non_null(rules_refused("recv key=~:1: reset"));
	assert_non_null(rules_refused("recv key=~12g:1: reset"));
	family_end(&family);
}

/* ---- clocks ---- */

static void ticks_become_nanoseconds_by_a_straight_line(void **state)
{
	struct made_trace trace = made_trace(20);

	(void)state;
	trace.arena->stamps_are_ns = 0;
	trace.arena->start_ns = 1000;
	trace.arena->clock_first = (struct sf_clock_pair){5000, 2000};
	trace.arena->clock_last = (struct sf_clock_pair){8000, 3000}; /* 3 ticks a nanosecond */
	assert_int_equal(sf_arena_ns(trace.arena, 5000), 1000);
	assert_int_equal(sf_arena_ns(trace.arena, 8000), 2000);
	assert_int_equal(sf_arena_ns(trace.arena, 11000), 3000);
	assert_int_equal(sf_arena_ns(trace.arena, 4999), 0); /* before the clock was read */
	assert_int_equal(sf_arena_duration(trace.arena, 300), 100);
	made_trace_free(&trace);
}

static void a_day_of_ticks_does_not_overflow(void **state)
{
	struct made_trace trace = made_trace(20);
	uint64_t day_ns = UINT64_C(86400) * 1000000000;

	(void)state;
	trace.arena->stamps_are_ns = 0;
	trace.arena->clock_first = (struct sf_clock_pair){7, 0};
	trace.arena->clock_last = (struct sf_clock_pair){7 + day_ns * 3, day_ns};
	assert_int_equal(sf_arena_ns(trace.arena, 7 + day_ns * 6), day_ns * 2);
	made_trace_free(&trace);
}

static void stamps_that_are_nanoseconds_stay_what_they_are(void **state)
{
	struct made_trace trace = made_trace(20);

	(void)state;
	trace.arena->start_ns = 1000;
	trace.arena->clock_first = (struct sf_clock_pair){1000, 1000};
	trace.arena->clock_last = (struct sf_clock_pair){9000, 5000};
	assert_int_equal(sf_arena_ns(trace.arena, 4000), 3000);
	assert_int_equal(sf_arena_duration(trace.arena, 77), 77);
	made_trace_free(&trace);
}

static void a_clock_that_was_read_once_divides_by_nothing(void **state)
{
	struct made_trace trace = made_trace(20);

	(void)state;
	trace.arena->stamps_are_ns = 0;
	trace.arena->clock_first = trace.arena->clock_last = (struct sf_clock_pair){500, 500};
	assert_int_equal(sf_arena_ns(trace.arena, 600), 600);
	made_trace_free(&trace);
}

static void the_digest_is_fnv1a(void **state)
{
	(void)state;
	assert_true(sf_digest("", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(sf_digest("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(sf_digest("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(pages_are_handed_out_once_and_only_below_pages_ready),
	    HOLDS(pages_that_become_ready_can_be_used),
	    HOLDS(what_is_yielded_is_what_nobody_has),
	    HOLDS(rules_that_lie_out_of_reach_do_not_exist),
	    HOLDS(the_heap_never_crosses_a_page_and_never_overlaps),
	    HOLDS(pieces_of_the_heap_are_zero),
	    HOLDS(the_heap_takes_as_few_pages_as_it_can),
	    HOLDS(pieces_of_no_bytes_take_no_page_each),
	    HOLDS(a_full_heap_says_so),
	    HOLDS(threads_get_different_pages),
	    HOLDS(threads_get_different_pieces),
	    HOLDS(threads_get_different_records),
	    HOLDS(records_are_zeroed_and_lie_apart),
	    HOLDS(there_is_no_record_zero_and_none_beyond_the_pages),
	    HOLDS(records_beyond_the_directory_are_lost_and_counted),
	    HOLDS(directories_lie_in_the_header_apart),
	    HOLDS(an_arena_of_this_build_is_taken),
	    HOLDS(what_is_no_arena_is_refused_in_words),
	    HOLDS(a_damaged_table_is_refused),
	    HOLDS(loaded_rules_are_those_that_were_given),
	    HOLDS(counters_lie_behind_the_rules_in_pages_of_their_own),
	    HOLDS(rules_loaded_again_count_anew),
	    HOLDS(the_generation_never_ends_in_a_zero_byte),
	    HOLDS(rules_without_room_leave_the_old_ones),
	    HOLDS(the_watch_is_of_rules_trace_and_after_states),
	    HOLDS(threads_are_named_by_who_created_them),
	    HOLDS(processes_are_named_by_who_forked_them),
	    HOLDS(children_that_no_thread_claims_are_named_apart),
	    HOLDS(a_child_whose_number_is_known_gets_it),
	    HOLDS(no_two_threads_or_processes_have_one_name),
	    HOLDS(long_names_become_hashes_that_fit),
	    HOLDS(the_same_tree_gets_the_same_names),
	    HOLDS(a_process_is_found_by_its_pid_until_it_has_exited),
	    HOLDS(connections_are_named_by_thread_and_numbered_by_run),
	    HOLDS(a_connection_is_named_once),
	    HOLDS(keys_of_long_lineages_fit),
	    HOLDS(keys_of_children_that_no_thread_claims_can_be_written_in_rules),
	    HOLDS(ticks_become_nanoseconds_by_a_straight_line),
	    HOLDS(a_day_of_ticks_does_not_overflow),
	    HOLDS(stamps_that_are_nanoseconds_stay_what_they_are),
	    HOLDS(a_clock_that_was_read_once_divides_by_nothing),
	    HOLDS(the_digest_is_fnv1a),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
