/* SPDX-License-Identifier: MIT
 *
 * test_decide.c -- whether a fault happens: conditions, counters, chance, and what is taken back. No kernel is asked.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/match.h"
#include "rules.h"
#include "unit.h"
#include "world.h"

static struct sf_counter *counter(const struct world *world, unsigned rule)
{
	return sf_arena_counter(world->arena, rule);
}

static bool decided_by(const struct world *world, const struct sf_call *call, unsigned rule)
{
	struct sf_call copy = *call;
	struct sf_decision decision = world_decides(world, &copy);

	return decision.decided && decision.deciding.rule == rule;
}

/* One call of recv for 64 bytes on a connection to port 80, asked of a world with one rule. */
static bool fires_on(const char *rule, enum sf_func func, size_t asked, enum sf_mode mode)
{
	struct world world = world_with(rule);
	struct sf_call call = world_call(func, world_connection(&world, world.thread, 80), asked);

	call.mode = (uint8_t)mode;
	bool fires = world_fires(&world, &call);

	world_end(&world);
	return fires;
}

/* ---- nth, per and times ---- */

static uint64_t pattern_of(const char *rule, unsigned calls)
{
	struct world world = world_with(rule);
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	uint64_t pattern = world_pattern(&world, &call, calls);

	world_end(&world);
	return pattern;
}

static void decide_never_fires_past_last(void **state)
{
	(void)state;
	assert_int_equal(pattern_of("recv nth=2..4: reset", 12), 0xe);
	assert_int_equal(pattern_of("recv nth=..2: reset", 12), 0x3);
	assert_int_equal(pattern_of("recv nth=3: reset", 12), 0x4);
	assert_int_equal(pattern_of("recv nth=11..: reset", 12), 0xc00);
}

static void a_step_fires_at_the_first_and_each_so_many_after(void **state)
{
	char rule[64];

	(void)state;
	for (unsigned first = 1; first <= 4; first++)
		for (unsigned last = first + 1; last <= 9; last += 2)
			for (unsigned step = 1; step <= 4; step++) {
				uint64_t want = 0;

				for (unsigned n = first; n <= last; n += step)
					want |= UINT64_C(1) << (n - 1);
				snprintf(rule, sizeof rule, "recv nth=%u..%u/%u: reset", first, last, step);
				assert_int_equal(pattern_of(rule, 12), want);
			}
}

static void nth_counts_within_conn(void **state)
{
	struct world world = world_with("recv nth=2 per=conn: reset");
	struct sf_call one = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	struct sf_call other = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	assert_false(world_fires(&world, &one));
	assert_false(world_fires(&world, &other));
	assert_true(world_fires(&world, &other));
	assert_true(world_fires(&world, &one));
	assert_int_equal(world_pattern(&world, &one, 5), 0);
	world_end(&world);
}

static bool fires_in(const struct world *world, uint32_t thread, const struct sf_call *call)
{
	struct sf_call copy = *call;

	return world_decides_in(world, thread, &copy).decided;
}

/* Calls of two threads of two processes each, on one connection: by whom do they count? */
static void count_by(const char *rule, const char *want)
{
	struct world world = world_with(rule);
	uint32_t third = made_process(&world.trace, 101, "client");
	uint32_t threads[4] = {
	    world.thread, made_thread(&world.trace, world.thread, 9), third, made_thread(&world.trace, third, 8)};
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	char got[13] = "";

	for (unsigned i = 0; i < 12; i++)
		got[i] = fires_in(&world, threads[i % 4], &call) ? '!' : '.';
	if (strcmp(got, want) != 0)
		fail_msg("%s: fired %s, expected %s", rule, got, want);
	world_end(&world);
}

static void nth_counts_within_run_process_and_thread(void **state)
{
	(void)state;
	count_by("recv nth=3: reset", "..!.........");
	count_by("recv nth=3 per=process: reset", "....!.!.....");
	count_by("recv nth=3 per=thread: reset", "........!!!!");
	count_by("recv nth=3 per=conn: reset", "..!.........");
}

static void times_counts_within_run_process_and_thread(void **state)
{
	(void)state;
	count_by("recv times=3: reset", "!!!.........");
	count_by("recv times=1 per=process: reset", "!.!.........");
	count_by("recv times=2 per=thread: reset", "!!!!!!!!....");
	count_by("recv times=1 per=conn: reset", "!...........");
}

static void times_counts_injections_never_evaluations(void **state)
{
	struct world world = world_with("recv nth=3.. times=2: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	assert_int_equal(world_pattern(&world, &call, 12), 0xc);
	assert_int_equal(counter(&world, 0)->seen, 12);
	assert_int_equal(counter(&world, 0)->fired, 2);
	world_end(&world);
}

static void calls_without_a_connection_count_in_their_thread(void **state)
{
	struct world world = world_with("socket nth=2 per=thread: fail EMFILE");
	uint32_t second = made_thread(&world.trace, world.thread, 9);
	struct sf_call call = world_call(SF_FUNC_socket, NULL, 0);

	(void)state;
	call.family = SF_INET;
	call.type = SF_STREAM;
	call.on = SF_BIT(0);
	assert_false(fires_in(&world, world.thread, &call));
	assert_false(fires_in(&world, second, &call));
	assert_true(fires_in(&world, second, &call));
	assert_true(fires_in(&world, world.thread, &call));
	world_end(&world);
}

static void the_ordinal_is_told_with_the_rule(void **state)
{
	struct world world = world_with("recv nth=2 per=conn: reset");
	struct sf_socket *busy = world_connection(&world, world.thread, 80);
	struct sf_call call = world_call(SF_FUNC_recv, busy, 64);

	(void)state;
	world_pattern(&world, &call, 5);
	call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	assert_false(world_fires(&world, &call));
	struct sf_decision decision = world_decides(&world, &call);

	assert_true(decision.decided);
	assert_int_equal(decision.deciding.ordinal, 2);
	assert_int_equal(decision.deciding.realism, SF_KERNEL);
	world_end(&world);
}

/* ---- several rules ---- */

static void first_deciding_rule_wins_and_later_ones_count_themselves(void **state)
{
	struct world world = world_with("recv nth=1: reset\nrecv nth=1..2: eof\nrecv: closed");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	assert_true(decided_by(&world, &call, 0));
	assert_true(decided_by(&world, &call, 1));
	assert_true(decided_by(&world, &call, 2));
	for (unsigned rule = 0; rule < 3; rule++) {
		assert_int_equal(counter(&world, rule)->seen, 3);
		assert_int_equal(counter(&world, rule)->shadowed, rule);
		assert_int_equal(counter(&world, rule)->fired, 1);
	}
	world_end(&world);
}

static void shaping_rules_let_the_search_go_on(void **state)
{
	struct world world = world_with("recv: delay 1ms\nrecv: latency 2ms\nrecv nth=1: reset\nrecv nth=2: delay 3ms");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	struct sf_decision decision = world_decides(&world, &call);

	assert_true(decision.decided);
	assert_int_equal(decision.deciding.rule, 2);
	assert_int_equal(decision.shaping_count, 2);
	assert_int_equal(decision.shaping[0].rule, 0);
	assert_int_equal(decision.shaping[1].rule, 1);
	decision = world_decides(&world, &call);
	assert_false(decision.decided);
	assert_int_equal(decision.shaping_count, 3);
	assert_int_equal(decision.shaping[2].rule, 3);
	world_end(&world);
}

static void more_shaping_rules_than_there_is_room_for_are_left_out(void **state)
{
	struct world world = world_with(
	    "recv: delay 1ms\nrecv: delay 2ms\nrecv: delay 3ms\nrecv: delay 4ms\nrecv: delay 5ms\nrecv: delay 6ms");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	assert_int_equal(world_decides(&world, &call).shaping_count, SF_SHAPING_MAX);
	world_end(&world);
}

static void pass_ends_the_search(void **state)
{
	struct world world = world_with("any peer=*:9000: pass\nrecv: reset");
	struct sf_call spared = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 9000), 64);
	struct sf_call other = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 9001), 64);

	(void)state;
	assert_true(decided_by(&world, &spared, 0));
	assert_true(decided_by(&world, &other, 1));
	world_end(&world);
}

static void a_thousand_rules_are_told_apart(void **state)
{
	static char text[40 * 1000];
	size_t length = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "recv peer=*:%u: short 5\n", i + 1);
	struct world world = world_with(text);

	for (unsigned i = 0; i < 1000; i += 37) {
		struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, (uint16_t)(i + 1)), 64);

		assert_true(decided_by(&world, &call, i));
		assert_int_equal(counter(&world, i)->fired, 1);
	}
	world_end(&world);
}

/* ---- what is taken back ---- */

static void a_call_that_found_nothing_is_not_counted(void **state)
{
	struct world world = world_with("recv nth=1: reset\nrecv nth=1 per=conn: eof\nrecv chance=50%: closed");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	call.mode = SF_NONBLOCKING;
	world_says.ready = false;
	for (unsigned i = 0; i < 20; i++) {
		struct sf_call empty = call;

		assert_false(world_decides(&world, &empty).decided);
		world_undoes(&world, &empty);
	}
	for (unsigned rule = 0; rule < 3; rule++)
		assert_int_equal(counter(&world, rule)->seen, 0);
	world_says.ready = true;
	assert_true(decided_by(&world, &call, 0));
	world_end(&world);
}

static void the_call_after_one_that_found_nothing_draws_what_it_would_have_drawn(void **state)
{
	uint64_t want = pattern_of("recv chance=50%: reset", 40), got = 0;
	struct world world = world_with("recv chance=50%: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct sf_call empty = call;

		world_says.ready = false;
		world_decides(&world, &empty);
		world_undoes(&world, &empty);
		world_says.ready = true;
		got |= (uint64_t)world_fires(&world, &call) << i;
	}
	assert_int_equal(got, want);
	world_end(&world);
}

/* A rule whose count was given back when it was decided has none to give when the call finds nothing. */
static void not_ready_is_undone_once(void **state)
{
	struct world world = world_with("recv nth=1: reset\nrecv nth=9 per=conn: eof");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	world_says.confirmed = SF_REALISM_NONE;
	for (unsigned i = 0; i < 3; i++) {
		struct sf_call empty = call;

		assert_false(world_decides(&world, &empty).decided);
		assert_int_equal(counter(&world, 0)->seen, 0);
		assert_int_equal(counter(&world, 0)->not_applicable, i + 1);
		assert_int_equal(counter(&world, 1)->seen, 1);
		world_undoes(&world, &empty);
		assert_int_equal(counter(&world, 0)->seen, 0);
		assert_int_equal(counter(&world, 1)->seen, 0);
	}
	world_says.confirmed = SF_KERNEL;
	assert_true(decided_by(&world, &call, 0));
	world_end(&world);
}

static void a_refused_call_that_then_finds_nothing_is_taken_back_once(void **state)
{
	struct world world = world_with("recv nth=1: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64), first = call;

	(void)state;
	assert_true(world_decides(&world, &first).decided);
	world_refuses(&world, &first, 0);
	world_undoes(&world, &first);
	assert_int_equal(counter(&world, 0)->seen, 0);
	assert_true(decided_by(&world, &call, 0));
	world_end(&world);
}

/* Between the question and the answer a range of time= may begin or end. */
static void what_is_taken_back_is_what_was_counted(void **state)
{
	struct world world = world_with("recv time=1s..2s nth=1: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	static const uint64_t borders[] = {UINT64_C(1000000000) - 1, UINT64_C(2000000000)};

	(void)state;
	world_says.ready = false;
	for (unsigned i = 0; i < 2; i++) {
		struct sf_call empty = call;

		world_says.now_ns = borders[i];
		world_decides(&world, &empty);
		world_says.now_ns++;
		world_undoes(&world, &empty);
		assert_int_equal(counter(&world, 0)->seen, 0);
	}
	world_end(&world);
}

static void many_counting_rules_are_all_taken_back(void **state)
{
	char text[64 * 32] = "";

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "recv nth=%u per=conn: reset\n", i + 2);
	struct world world = world_with(text);
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	world_decides(&world, &call);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(counter(&world, i)->seen, 1);
	world_undoes(&world, &call);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(counter(&world, i)->seen, 0);
	world_end(&world);
}

static uint64_t silence(const char *rules)
{
	struct world world = world_with(rules);
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 0);
	uint64_t ns = world_keeps_silent(&world, &call);

	world_end(&world);
	return ns;
}

static void a_silence_is_known_before_the_call(void **state)
{
	(void)state;
	assert_int_equal(silence("recv: latency 5us"), 5000);
	assert_int_equal(silence("recv: stall 7us"), 7000);
	assert_int_equal(silence("recv: stall"), UINT64_MAX);
	assert_int_equal(silence("recv: latency 5us\nrecv: stall 7us"), 12000);
	assert_int_equal(silence("recv: latency 5us\nrecv: stall"), UINT64_MAX);
	assert_int_equal(silence("recv nth=2: latency 5us"), 0);
}

static void what_another_fault_decides_is_not_silent(void **state)
{
	(void)state;
	assert_int_equal(silence("recv: reset\nrecv: stall 7us"), 0);
	assert_int_equal(silence("recv nth=2: reset\nrecv: stall 7us"), 7000);
	assert_int_equal(silence("recv: latency 5us\nrecv: reset\nrecv: latency 9us"), 5000);
	assert_int_equal(silence("recv: signal SIGUSR1, latency 5us"), 0);
}

static void what_only_the_call_can_meet_is_left_to_it(void **state)
{
	(void)state;
	assert_int_equal(silence("recv func=recvmsg: latency 5us"), 0);
	assert_int_equal(silence("recv size=1..: latency 5us"), 0);
	assert_int_equal(silence("recv caller=*: latency 5us"), 0);
	assert_int_equal(silence("recv thread=*: latency 5us"), 0);
}

/* The call that finds what was silent draws the same lot. */
static void a_silence_counts_an_injection_and_no_call(void **state)
{
	struct world world = world_with("recv chance=50%: stall 9us");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	unsigned silent = 0;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		uint64_t ns = world_keeps_silent(&world, &call);
		uint64_t seen = counter(&world, 0)->seen, fired = counter(&world, 0)->fired;

		assert_int_equal(seen, i);
		assert_int_equal(fired, silent + (ns > 0));
		silent += ns > 0;
		assert_true(decided_by(&world, &call, 0) == (ns > 0));
		if (ns > 0)
			world_gives_back(&world, &call, 0);
	}
	assert_in_range(silent, 10, 40);
	world_end(&world);
}

static void times_ends_silences(void **state)
{
	struct world world = world_with("recv times=1: latency 5us");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	assert_int_equal(world_keeps_silent(&world, &call), 5000);
	assert_int_equal(world_keeps_silent(&world, &call), 0);
	assert_int_equal(counter(&world, 0)->fired, 1);
	world_end(&world);
}

static void refuse_gives_back_the_count_and_the_injection(void **state)
{
	static const char *const rules[] = {
	    "recv nth=1 times=1: reset",
	    "recv nth=1 times=1 per=conn: reset",
	    "recv nth=1 times=1 per=process: reset",
	    "recv nth=1 times=1 per=thread: reset",
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct world world = world_with(rules[i]);
		struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
		struct sf_call refused = call;

		assert_true(world_decides(&world, &refused).decided);
		world_refuses(&world, &refused, 0);
		assert_int_equal(counter(&world, 0)->seen, 0);
		assert_int_equal(counter(&world, 0)->fired, 0);
		assert_int_equal(counter(&world, 0)->not_applicable, 1);
		assert_true(world_fires(&world, &call));
		assert_false(world_fires(&world, &call));
		world_end(&world);
	}
}

static void an_injection_into_nothing_is_given_back_and_its_count_taken_back(void **state)
{
	static const char *const rules[] = {"recv times=1: short 5", "recv times=1 per=conn: short 5"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct world world = world_with(rules[i]);
		struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
		struct sf_call empty = call;

		assert_true(world_decides(&world, &empty).decided);
		world_gives_back(&world, &empty, 0);
		assert_int_equal(counter(&world, 0)->fired, 0);
		assert_int_equal(counter(&world, 0)->seen, 1);
		assert_int_equal(counter(&world, 0)->not_applicable, 0);
		world_undoes(&world, &empty);
		assert_int_equal(counter(&world, 0)->seen, 0);
		assert_true(world_fires(&world, &call));
		assert_false(world_fires(&world, &call));
		world_end(&world);
	}
}

/* ---- chance ---- */

#define CONNECTIONS 40
#define CALLS 50

struct draw {
	struct world world;
	struct sf_socket *sockets[CONNECTIONS];
	uint8_t fired[CONNECTIONS][CALLS];
};

static void draw_begin(struct draw *draw, const char *rules)
{
	draw->world = world_with(rules);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		draw->sockets[i] = world_connection(&draw->world, draw->world.thread, 80);
}

static void draw_one(struct draw *draw, unsigned connection, unsigned n)
{
	struct sf_call call = world_call(SF_FUNC_recv, draw->sockets[connection], 64);

	draw->fired[connection][n] = world_fires(&draw->world, &call);
}

static void draw_all(struct draw *draw, const char *rules)
{
	draw_begin(draw, rules);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		for (unsigned n = 0; n < CALLS; n++)
			draw_one(draw, i, n);
	world_end(&draw->world);
}

static unsigned share_of(const struct draw *draw)
{
	unsigned fired = 0;

	for (unsigned i = 0; i < CONNECTIONS; i++)
		for (unsigned n = 0; n < CALLS; n++)
			fired += draw->fired[i][n];
	return fired * 100 / (CONNECTIONS * CALLS);
}

static bool same_draw(const struct draw *a, const struct draw *b)
{
	return memcmp(a->fired, b->fired, sizeof a->fired) == 0;
}

static void chance_is_near_what_was_asked(void **state)
{
	static struct draw draw;
	char rule[64];

	(void)state;
	for (unsigned percent = 10; percent < 100; percent += 20) {
		snprintf(rule, sizeof rule, "recv chance=%u%%: reset", percent);
		draw_all(&draw, rule);
		assert_in_range(share_of(&draw), percent - 5, percent + 5);
	}
	draw_all(&draw, "recv chance=100%: reset");
	assert_int_equal(share_of(&draw), 100);
}

static void chance_is_a_pure_function_of_seed_rule_key_and_ordinal(void **state)
{
	static struct draw one, again, seeded, second;

	(void)state;
	draw_all(&one, "seed 7\nrecv chance=30%: reset");
	draw_all(&again, "seed 7\nrecv chance=30%: reset");
	assert_true(same_draw(&one, &again));
	draw_all(&seeded, "seed 8\nrecv chance=30%: reset");
	assert_false(same_draw(&one, &seeded));
	draw_all(&second, "seed 7\nsend chance=30%: reset\nrecv chance=30%: reset");
	assert_false(same_draw(&one, &second));
	assert_memory_not_equal(one.fired[0], one.fired[1], CALLS);
}

/* socket() has no connection: its ordinal is that in its thread, whatever other threads do meanwhile. */
static void chance_without_a_connection_is_drawn_in_the_thread(void **state)
{
	uint64_t fired[2] = {0};

	(void)state;
	for (unsigned run = 0; run < 2; run++) {
		struct world world = world_with("socket chance=50%: fake EMFILE");
		uint32_t second = made_thread(&world.trace, world.thread, 9);
		struct sf_call call = world_call(SF_FUNC_socket, NULL, 0);

		for (unsigned i = 0; i < 64; i++) {
			fired[run] |= (uint64_t)world_fires(&world, &call) << i;
			for (unsigned n = 0; run && n < i % 3; n++)
				fires_in(&world, second, &call);
		}
		world_end(&world);
	}
	assert_true(fired[0] == fired[1]);
	assert_true(fired[0] && ~fired[0]);
}

static void order_of_calls_does_not_matter(void **state)
{
	static struct draw in_turn, interleaved;
	unsigned done[CONNECTIONS] = {0};
	uint64_t random = 3;

	(void)state;
	draw_all(&in_turn, "recv chance=30%: reset");
	draw_begin(&interleaved, "recv chance=30%: reset");
	for (unsigned left = CONNECTIONS * CALLS; left;) {
		unsigned i = (unsigned)rules_draw(&random, CONNECTIONS);

		if (done[i] == CALLS)
			continue;
		draw_one(&interleaved, i, done[i]++);
		left--;
	}
	world_end(&interleaved.world);
	assert_true(same_draw(&in_turn, &interleaved));
}

struct drawer {
	struct draw *draw;
	unsigned first;
};

/* Every fourth connection, its calls interleaved. */
static void *draw_in_thread(void *argument)
{
	const struct drawer *drawer = argument;

	for (unsigned n = 0; n < CALLS; n++)
		for (unsigned i = drawer->first; i < CONNECTIONS; i += 4)
			draw_one(drawer->draw, i, n);
	return NULL;
}

static void order_of_threads_does_not_matter(void **state)
{
	static const char rules[] = "recv chance=30%: short 1..16\nrecv nth=7 per=conn: reset";
	static struct draw in_turn, at_once;
	struct drawer drawers[4];
	pthread_t threads[4];

	(void)state;
	draw_all(&in_turn, rules);
	draw_begin(&at_once, rules);
	for (unsigned i = 0; i < 4; i++) {
		drawers[i] = (struct drawer){&at_once, i};
		assert_int_equal(pthread_create(&threads[i], NULL, draw_in_thread, &drawers[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(same_draw(&in_turn, &at_once));
	assert_int_equal(counter(&at_once.world, 0)->seen, CONNECTIONS * CALLS);
	world_end(&at_once.world);
}

static void *ask_a_hundred_times(void *argument)
{
	struct draw *draw = argument;
	uintptr_t fired = 0;

	for (unsigned i = 0; i < 100; i++) {
		struct sf_call call = world_call(SF_FUNC_recv, draw->sockets[0], 64);

		fired += world_fires(&draw->world, &call);
	}
	return (void *)fired;
}

static void threads_never_exceed_times(void **state)
{
	static const char *const rules[] = {
	    "recv times=30: reset", "recv times=30 per=conn: reset", "recv nth=5..34: reset"};
	static struct draw draw;
	pthread_t threads[4];

	(void)state;
	for (unsigned rule = 0; rule < 3; rule++) {
		uintptr_t sum = 0;

		draw_begin(&draw, rules[rule]);
		world_says.dawdles = true;
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, ask_a_hundred_times, &draw), 0);
		for (unsigned i = 0; i < 4; i++) {
			void *fired;

			pthread_join(threads[i], &fired);
			sum += (uintptr_t)fired;
		}
		assert_int_equal(sum, 30);
		assert_int_equal(counter(&draw.world, 0)->fired, 30);
		world_end(&draw.world);
	}
}

static void the_same_random_number_comes_with_the_same_call(void **state)
{
	uint64_t random[2][8];

	(void)state;
	for (unsigned run = 0; run < 2; run++) {
		struct world world = world_with("recv: short 1..16");
		struct sf_socket *socket = world_connection(&world, world.thread, 80);

		for (unsigned n = 0; n < 8; n++) {
			struct sf_call call = world_call(SF_FUNC_recv, socket, 64);

			random[run][n] = world_decides(&world, &call).deciding.random;
		}
		world_end(&world);
	}
	assert_memory_equal(random[0], random[1], sizeof random[0]);
	for (unsigned n = 1; n < 8; n++)
		assert_true(random[0][n] != random[0][0]);
}

/* ---- offset ---- */

static void a_transfer_ends_where_offset_begins(void **state)
{
	struct world world = world_with("send offset=1000..: reset");
	struct sf_socket *socket = world_connection(&world, world.thread, 80);
	struct sf_call call = world_call(SF_FUNC_send, socket, 600), crossing = call, touching;

	(void)state;
	assert_false(world_decides(&world, &call).decided);
	assert_int_equal(call.len, 600);
	socket->sent = 600;
	assert_false(world_decides(&world, &crossing).decided);
	assert_int_equal(crossing.len, 400);
	touching = world_call(SF_FUNC_send, socket, 400);
	world_decides(&world, &touching);
	assert_int_equal(touching.len, 400);
	socket->sent = 1000;
	assert_true(world_fires(&world, &call));
	socket->received = 5000; /* the other direction */
	socket->sent = 0;
	assert_false(world_fires(&world, &call));
	assert_int_equal(counter(&world, 0)->seen, 1);
	world_end(&world);
}

static size_t length_with(const char *rule, bool is_spent)
{
	struct world world = world_with(rule);
	struct sf_call first = world_call(SF_FUNC_send, world_connection(&world, world.thread, 80), 64);
	struct sf_call call = world_call(SF_FUNC_send, world_connection(&world, world.thread, 80), 600);

	if (is_spent) {
		first.socket->sent = 100;
		assert_true(world_decides(&world, &first).decided);
	}
	world_decides(&world, &call);
	world_end(&world);
	return call.len;
}

static void a_transfer_goes_past_the_offset_of_a_rule_that_will_not_fire(void **state)
{
	(void)state;
	assert_int_equal(length_with("send offset=100.. times=1: reset", true), 600);
	assert_int_equal(length_with("send offset=100.. nth=1: reset", true), 600);
	assert_int_equal(length_with("send offset=100.. times=2: reset", true), 100);
	assert_int_equal(length_with("send offset=100.. times=1 per=conn: reset", true), 100);
	assert_int_equal(length_with("send offset=100.. nth=2: reset", false), 600);
	assert_int_equal(length_with("send offset=100.. size=700..: reset", false), 600);
	assert_int_equal(length_with("send offset=100.. mode=nonblocking: reset", false), 600);
	assert_int_equal(length_with("send offset=100..: reset", false), 100);
}

static void datagrams_are_never_cut(void **state)
{
	struct world world = world_with("send offset=100.. type=dgram: drop");
	struct sf_socket *socket = world_socket(&world, SF_INET, SF_DGRAM, SF_CLIENT);
	struct sf_call call = world_call(SF_FUNC_send, socket, 600);

	(void)state;
	sf_socket_name(world.arena, socket, world.thread, sf_thread_at(world.arena, world.thread));
	sf_match_socket(world.arena, socket, true);
	assert_false(world_decides(&world, &call).decided);
	assert_int_equal(call.len, 600);
	socket->sent = 600;
	assert_true(world_fires(&world, &call));
	world_end(&world);
}

static struct sf_call crossing(struct world *world, enum sf_func func, enum sf_mode mode, int flags)
{
	struct sf_call call = world_call(func, world_connection(world, world->thread, 80), 600);

	call.mode = (uint8_t)mode;
	call.flags = flags;
	world_decides(world, &call);
	assert_int_equal(call.len, 100);
	return call;
}

static bool splits(const char *rules, enum sf_func func, enum sf_mode mode, int flags)
{
	struct world world = world_with(rules);
	bool split = crossing(&world, func, mode, flags).splits;

	world_end(&world);
	return split;
}

static void a_call_that_takes_all_is_split_where_it_only_waits(void **state)
{
	(void)state;
	assert_true(splits("send offset=100..: stall 1s", SF_FUNC_send, SF_BLOCKING, 0));
	assert_true(splits("send offset=100..: rate 1KiB/s", SF_FUNC_send, SF_TIMEOUT, 0));
	assert_false(splits("send offset=100..: stall 1s", SF_FUNC_send, SF_NONBLOCKING, 0));
	assert_true(splits("send offset=100..: delay 1s", SF_FUNC_send, SF_NONBLOCKING, 0));
	assert_false(splits("send offset=100..: reset", SF_FUNC_send, SF_BLOCKING, 0));
	assert_false(splits("send offset=100..: delay 1s, reset", SF_FUNC_send, SF_BLOCKING, 0));
	assert_false(splits("recv offset=100..: latency 1s", SF_FUNC_recv, SF_BLOCKING, 0));
	assert_true(splits("recv offset=100..: latency 1s", SF_FUNC_recv, SF_BLOCKING, MSG_WAITALL));
	assert_false(splits("recv offset=100..: latency 1s", SF_FUNC_recv, SF_NONBLOCKING, MSG_WAITALL));
	assert_true(splits("recv offset=100..: delay 1s", SF_FUNC_recv, SF_BLOCKING, 0));
	/* of several rules: who ends it first, and who must end it */
	assert_true(splits("send offset=200..: reset\nsend offset=100..: stall 1s", SF_FUNC_send, SF_BLOCKING, 0));
	assert_false(splits("send offset=100..: reset\nsend offset=200..: stall 1s", SF_FUNC_send, SF_BLOCKING, 0));
	assert_false(splits("send offset=100..: reset\nsend offset=100..: stall 1s", SF_FUNC_send, SF_BLOCKING, 0));
	assert_false(splits("send offset=100..: stall 1s\nsend offset=100..: reset", SF_FUNC_send, SF_BLOCKING, 0));
}

/* Rules that have met the call do not meet its parts; those that begin inside it do, and may end it. */
static void the_parts_of_a_call_are_one_call(void **state)
{
	struct world world = world_with("send: delay 1s\nsend offset=..300: short 400\nsend offset=100..: stall 1s\n"
	                                "send offset=150..: reset");
	struct sf_call call = crossing(&world, SF_FUNC_send, SF_BLOCKING, 0);

	(void)state;
	call.parted = 100;
	call.socket->sent = 100;
	call.len = 500;
	struct sf_decision decision = world_decides(&world, &call);

	assert_true(decision.decided);
	assert_int_equal(decision.deciding.rule, 2);
	assert_int_equal(decision.shaping_count, 0);
	assert_int_equal(call.len, 50);
	assert_false(call.splits);
	assert_int_equal(counter(&world, 0)->seen, 1);
	assert_int_equal(counter(&world, 1)->seen, 1);
	assert_int_equal(counter(&world, 3)->seen, 0);
	world_end(&world);
}

/* It was shown to the program, so it is there: the rule acts at the first call after it. */
static void a_read_goes_past_the_offset_to_the_end_of_what_was_shown(void **state)
{
	struct world world = world_with("recv offset=100..: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 600);

	(void)state;
	atomic_store(&call.socket->shown, 130);
	world_decides(&world, &call);
	assert_int_equal(call.len, 130);
	world_end(&world);
}

static void offset_has_an_end(void **state)
{
	struct world world = world_with("recv offset=10..20: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 5);
	static const uint64_t at[] = {9, 10, 20, 21};
	static const bool want[] = {false, true, true, false};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		call.socket->received = at[i];
		assert_int_equal(world_fires(&world, &call), want[i]);
	}
	world_end(&world);
}

/* ---- connections ---- */

static bool fires_on_new(struct world *world, uint32_t thread, uint16_t port)
{
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(world, thread, port), 64);

	sf_match_socket(world->arena, call.socket, false); /* as after a new address: the number stays */
	return fires_in(world, thread, &call);
}

static void conn_numbers_follow_the_rules_own_words(void **state)
{
	struct world world = world_with("recv peer=*:80 conn=2: reset");

	(void)state;
	assert_false(fires_on_new(&world, world.thread, 81));
	assert_false(fires_on_new(&world, world.thread, 80));
	assert_false(fires_on_new(&world, world.thread, 81));
	assert_true(fires_on_new(&world, world.thread, 80));
	assert_false(fires_on_new(&world, world.thread, 80));
	world_end(&world);
}

static void conn_numbers_are_the_runs_where_the_rule_has_no_words(void **state)
{
	struct world world = world_with("recv conn=2..3: reset");
	struct sf_socket *pair = world_socket(&world, SF_UNIX, SF_STREAM, SF_CLIENT);

	(void)state;
	pair->domestic = 1; /* met by no such rule: it has a key, and no number */
	sf_socket_name(world.arena, pair, world.thread, sf_thread_at(world.arena, world.thread));
	sf_match_socket(world.arena, pair, true);
	assert_int_equal(pair->conn, 0);
	char key[SF_KEY_SIZE];

	assert_string_equal(sf_socket_key(sf_thread_at(world.arena, pair->thread), pair, key), "1.1:1");
	assert_false(fires_on_new(&world, world.thread, 80));
	assert_true(fires_on_new(&world, world.thread, 80));
	assert_true(fires_on_new(&world, world.thread, 81));
	assert_false(fires_on_new(&world, world.thread, 80));
	world_end(&world);
}

static bool meets_datagrams_to(struct world *world, uint16_t port)
{
	struct sf_socket *socket = world_socket(world, SF_INET, SF_DGRAM, SF_SIDE_NONE);
	struct sf_call call = world_call(SF_FUNC_send, socket, 64);

	socket->peer = (struct sf_endpoint){.family = SF_INET, .length = 4, .port = port, .bytes = {127, 0, 0, 1}};
	sf_socket_name(world->arena, socket, world->thread, sf_thread_at(world->arena, world->thread));
	assert_non_null(sf_match_socket(world->arena, socket, true));
	return world_fires(world, &call);
}

static void datagram_sockets_count_by_the_peer_of_their_first_call(void **state)
{
	struct world world = world_with("send type=dgram peer=*:53 conn=2: drop");

	(void)state;
	assert_false(meets_datagrams_to(&world, 54));
	assert_false(meets_datagrams_to(&world, 53));
	assert_false(meets_datagrams_to(&world, 54));
	assert_true(meets_datagrams_to(&world, 53));
	assert_false(meets_datagrams_to(&world, 53));
	assert_int_equal(counter(&world, 0)->conns, 3);
	world_end(&world);
}

static void conn_counts_those_of_the_program(void **state)
{
	struct world world = world_with("recv program=server* conn=1: reset");
	uint32_t server = made_process(&world.trace, 101, "server.py");

	(void)state;
	assert_false(fires_on_new(&world, world.thread, 80));
	assert_true(fires_on_new(&world, server, 80));
	assert_false(fires_on_new(&world, server, 80));
	world_end(&world);
}

static void a_socket_without_a_number_has_no_conn(void **state)
{
	struct world world = world_with("recv conn=1..: reset");
	struct sf_socket *socket = world_socket(&world, SF_INET, SF_STREAM, SF_CLIENT);
	struct sf_call call = world_call(SF_FUNC_recv, socket, 64);

	(void)state;
	sf_match_socket(world.arena, socket, false);
	assert_false(world_fires(&world, &call));
	sf_socket_name(world.arena, socket, world.thread, sf_thread_at(world.arena, world.thread));
	sf_match_socket(world.arena, socket, true);
	assert_true(world_fires(&world, &call));
	world_end(&world);
}

static void key_names_one_connection(void **state)
{
	struct world world = world_with("recv key=1.2:2: reset");
	uint32_t second = made_thread(&world.trace, world.thread, 9);

	(void)state;
	assert_false(fires_on_new(&world, world.thread, 80));
	assert_false(fires_on_new(&world, world.thread, 80));
	assert_false(fires_on_new(&world, second, 80));
	assert_true(fires_on_new(&world, second, 80));
	for (unsigned i = 3; i <= 29; i++) /* 1.2:20 ... 1.2:29 only begin alike */
		assert_false(fires_on_new(&world, second, 80));
	world_end(&world);
}

static void domestic_sockets_need_family(void **state)
{
	struct world world = world_with("recv: reset\nrecv family=unix: eof");
	struct sf_socket *pair = world_socket(&world, SF_UNIX, SF_STREAM, SF_CLIENT);
	struct sf_call call = world_call(SF_FUNC_recv, pair, 64);

	(void)state;
	pair->domestic = 1;
	sf_match_socket(world.arena, pair, false);
	assert_true(decided_by(&world, &call, 1));
	pair->domestic = 0;
	sf_match_socket(world.arena, pair, false);
	assert_true(decided_by(&world, &call, 0));
	world_end(&world);
}

static bool settled_for(const char *rule, enum sf_family family, enum sf_type type, enum sf_side side)
{
	struct world world = world_with(rule);
	struct sf_socket *socket = world_socket(&world, family, type, side);
	const uint64_t *bits = sf_match_socket(world.arena, socket, false);
	bool met = sf_bit_get(bits, 0);

	world_end(&world);
	return met;
}

static void family_type_and_side_are_of_the_socket(void **state)
{
	(void)state;
	assert_true(settled_for("recv family=inet6: reset", SF_INET6, SF_STREAM, SF_CLIENT));
	assert_false(settled_for("recv family=inet6: reset", SF_INET, SF_STREAM, SF_CLIENT));
	assert_true(settled_for("recv family=inet6,unix: reset", SF_UNIX, SF_STREAM, SF_CLIENT));
	assert_true(settled_for("recv type=stream: reset", SF_INET, SF_STREAM, SF_CLIENT));
	assert_false(settled_for("recv type=stream: reset", SF_INET, SF_DGRAM, SF_CLIENT));
	assert_true(settled_for("recv side=server: reset", SF_INET, SF_STREAM, SF_SERVER));
	assert_false(settled_for("recv side=server: reset", SF_INET, SF_STREAM, SF_CLIENT));
	assert_true(settled_for("accept side=listener: delay 1s", SF_INET, SF_STREAM, SF_LISTENER));
}

static void local_is_the_sockets_own_address(void **state)
{
	struct world world = world_with("recv local=10.0.0.0/8:8000-8010: reset");
	struct sf_socket *socket = world_connection(&world, world.thread, 80);
	struct sf_call call = world_call(SF_FUNC_recv, socket, 64);

	(void)state;
	socket->local = (struct sf_endpoint){.family = SF_INET, .length = 4, .port = 8010, .bytes = {10, 1, 2, 3}};
	sf_match_socket(world.arena, socket, false);
	assert_true(world_fires(&world, &call));
	socket->local.port = 8011;
	sf_match_socket(world.arena, socket, false);
	assert_false(world_fires(&world, &call));
	world_end(&world);
}

static void peer_of_datagrams_is_asked_call_by_call(void **state)
{
	struct world world = world_with("send peer=*:53 type=dgram: drop");
	struct sf_socket *socket = world_socket(&world, SF_INET, SF_DGRAM, SF_CLIENT);
	struct sf_call call = world_call(SF_FUNC_sendto, socket, 64);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(0x7f000001)};

	(void)state;
	sf_socket_name(world.arena, socket, world.thread, sf_thread_at(world.arena, world.thread));
	sf_match_socket(world.arena, socket, true);
	assert_false(world_fires(&world, &call));
	call.address = (const struct sockaddr *)&to;
	call.address_length = sizeof to;
	assert_true(world_fires(&world, &call));
	to.sin_port = htons(54);
	assert_false(world_fires(&world, &call));
	call.address = NULL;
	socket->peer = (struct sf_endpoint){.family = SF_INET, .length = 4, .port = 53, .bytes = {127, 0, 0, 1}};
	assert_true(world_fires(&world, &call));
	world_end(&world);
}

static void process_and_program_are_of_the_caller(void **state)
{
	struct world world = world_with("recv process=2 program=*.py: reset");
	uint32_t server = made_process(&world.trace, 101, "server.py"), third = made_process(&world.trace, 102, "c.py");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	assert_false(fires_in(&world, world.thread, &call));
	assert_true(fires_in(&world, server, &call));
	assert_false(fires_in(&world, third, &call));
	world_end(&world);
}

/* ---- conditions of one call ---- */

static void func_chooses_the_function(void **state)
{
	(void)state;
	assert_true(fires_on("recv func=read,readv: reset", SF_FUNC_read, 64, SF_BLOCKING));
	assert_false(fires_on("recv func=read,readv: reset", SF_FUNC_recv, 64, SF_BLOCKING));
	assert_false(fires_on("recv: reset", SF_FUNC_send, 64, SF_BLOCKING));
	assert_false(fires_on("sockopt: delay 1ms, fake EIO", SF_FUNC_fcntl, 0, SF_BLOCKING));
	assert_true(fires_on("sockopt: delay 1ms, fake EIO", SF_FUNC_getsockopt, 0, SF_BLOCKING));
	assert_true(fires_on("sockopt func=fcntl: fake EIO", SF_FUNC_fcntl, 0, SF_BLOCKING));
}

static void size_is_what_was_asked_for(void **state)
{
	(void)state;
	assert_false(fires_on("send size=64..128: reset", SF_FUNC_send, 63, SF_BLOCKING));
	assert_true(fires_on("send size=64..128: reset", SF_FUNC_send, 64, SF_BLOCKING));
	assert_true(fires_on("send size=64..128: reset", SF_FUNC_send, 128, SF_BLOCKING));
	assert_false(fires_on("send size=64..128: reset", SF_FUNC_send, 129, SF_BLOCKING));
}

static void mode_is_that_of_the_call(void **state)
{
	(void)state;
	assert_true(fires_on("recv mode=nonblocking: reset", SF_FUNC_recv, 64, SF_NONBLOCKING));
	assert_false(fires_on("recv mode=nonblocking: reset", SF_FUNC_recv, 64, SF_BLOCKING));
	assert_true(fires_on("recv mode=blocking,timeout: reset", SF_FUNC_recv, 64, SF_TIMEOUT));
	assert_false(fires_on("recv mode=blocking,timeout: reset", SF_FUNC_recv, 64, SF_NONBLOCKING));
}

static void time_is_since_the_run_began(void **state)
{
	struct world world = world_with("recv time=1ms..2ms: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	static const uint64_t at[] = {0, 999999, 1000000, 2000000, 2000001};
	static const bool want[] = {false, false, true, true, false};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		world_says.now_ns = at[i];
		assert_int_equal(world_fires(&world, &call), want[i]);
	}
	world_end(&world);
}

static void thread_is_the_threads_name(void **state)
{
	struct world world = world_with("recv thread=worker-*: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	assert_false(world_fires(&world, &call));
	world_says.thread_name = "worker-12";
	assert_true(world_fires(&world, &call));
	world_says.thread_name = "worker-901234567"; /* all 16 bytes, without a NUL */
	assert_true(world_fires(&world, &call));
	world_says.thread_name = "";
	assert_false(world_fires(&world, &call));
	world_end(&world);
}

static uint32_t made_site(struct world *world, const char *path, uint64_t offset)
{
	uint32_t object = sf_arena_new(world->arena, SF_OBJECTS), site = sf_arena_new(world->arena, SF_SITES);

	snprintf(sf_object_at(world->arena, object)->path, sizeof(struct sf_object) / 2, "%s", path);
	*sf_site_at(world->arena, site) = (struct sf_site){.object = object, .offset = offset};
	return site;
}

static bool fires_at(const char *rule, const char *path, uint64_t offset)
{
	struct world world = world_with(rule);
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	call.site_index = path ? made_site(&world, path, offset) : 0;
	bool fires = world_fires(&world, &call);

	world_end(&world);
	return fires;
}

static void caller_is_the_object_file_that_made_the_call(void **state)
{
	(void)state;
	assert_true(fires_at("recv caller=libcurl*: reset", "/usr/lib/libcurl.so.4", 5));
	assert_true(fires_at("recv caller=libcurl*: reset", "libcurl.so.4", 5));
	assert_false(fires_at("recv caller=libcurl*: reset", "/usr/lib/libcurl/other.so", 5));
	assert_false(fires_at("recv caller=*: reset", NULL, 0));
}

/* Events show return addresses, and rules take them from there. */
static void site_is_one_return_address(void **state)
{
	(void)state;
	assert_true(fires_at("recv site=client+0x1234: reset", "/opt/bin/client", 0x1234));
	assert_false(fires_at("recv site=client+0x1234: reset", "/opt/bin/client", 0x1233));
	assert_false(fires_at("recv site=client+0x1234: reset", "/opt/bin/client", 0x1235));
	assert_false(fires_at("recv site=client+0x1234: reset", "/opt/bin/clients", 0x1234));
	assert_false(fires_at("recv site=client+0x1234: reset", NULL, 0));
}

static void resolve_asks_for_the_name(void **state)
{
	struct world world = world_with("resolve peer=*.example.com: fail EAI_AGAIN");
	struct sf_call call = world_call(SF_FUNC_getaddrinfo, NULL, 0);

	(void)state;
	assert_false(world_fires(&world, &call));
	call.name = "db.example.com";
	assert_true(world_fires(&world, &call));
	call.name = "db.example.org";
	assert_false(world_fires(&world, &call));
	world_end(&world);
}

static void creation_has_family_and_type_in_its_arguments(void **state)
{
	struct world world = world_with("socket family=inet type=dgram: fail EMFILE");
	struct sf_call call = world_call(SF_FUNC_socket, NULL, 0);

	(void)state;
	call.family = SF_INET;
	call.type = SF_DGRAM;
	assert_true(world_fires(&world, &call));
	call.type = SF_STREAM;
	assert_false(world_fires(&world, &call));
	call.type = SF_DGRAM;
	call.family = SF_INET6;
	assert_false(world_fires(&world, &call));
	world_end(&world);
}

/* ---- data ---- */

static char bytes[] = "xxGETxGE";

static struct iovec piece(unsigned from, size_t length)
{
	return (struct iovec){bytes + from, length};
}

static bool data_fires(const char *rule, enum sf_shape shape, const void *what, int count)
{
	struct world world = world_with(rule);
	struct sf_call call = world_call(SF_FUNC_send, world_connection(&world, world.thread, 80), 8);

	call.shape = (uint8_t)shape;
	call.out = what;
	call.count = count;
	bool fires = world_fires(&world, &call);

	world_end(&world);
	return fires;
}

static void data_is_looked_for_in_a_buffer(void **state)
{
	(void)state;
	assert_true(data_fires("send data=\"GET\": reset", SF_SHAPE_BUFFER, bytes, 0));
	assert_true(data_fires("send data=\"x\\x47E\": reset", SF_SHAPE_BUFFER, bytes, 0));
	assert_false(data_fires("send data=\"PUT\": reset", SF_SHAPE_BUFFER, bytes, 0));
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_NONE, NULL, 0));
}

static void data_may_lie_across_pieces(void **state)
{
	struct iovec split[] = {piece(0, 3), piece(0, 0), piece(3, 1), piece(4, 2)};
	struct iovec ends[] = {piece(0, 2), piece(5, 3)};
	struct iovec again[] = {piece(6, 1), piece(2, 3)}; /* "G" "GET": begins anew behind a false start */
	struct msghdr message = {.msg_iov = split, .msg_iovlen = 4};

	(void)state;
	assert_true(data_fires("send data=\"GET\": reset", SF_SHAPE_VECTOR, split, 4));
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_VECTOR, split, 3));
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_VECTOR, ends, 2));
	assert_true(data_fires("send data=\"GET\": reset", SF_SHAPE_VECTOR, again, 2));
	assert_true(data_fires("send data=\"GET\": reset", SF_SHAPE_MESSAGE, &message, 0));
}

static void data_may_lie_in_any_message_but_not_across_them(void **state)
{
	struct iovec pieces[] = {piece(5, 3), piece(4, 1), piece(0, 6)};
	struct mmsghdr apart[] = {
	    {.msg_hdr = {.msg_iov = pieces, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = pieces + 1, .msg_iovlen = 1}}};
	struct mmsghdr second[] = {
	    {.msg_hdr = {.msg_iov = pieces, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = pieces + 2, .msg_iovlen = 1}}};

	(void)state;
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_MESSAGES, apart, 2));
	assert_true(data_fires("send data=\"GET\": reset", SF_SHAPE_MESSAGES, second, 2));
}

/* The kernel says EFAULT to these; we must not meet the fault ourselves. */
static void data_is_not_looked_for_where_the_kernel_would_refuse(void **state)
{
	struct iovec garbage[] = {{NULL, 8}, {(void *)8, 8}}, good = piece(5, 3);
	struct mmsghdr messages[] = {
	    {.msg_hdr = {.msg_iov = (struct iovec *)8, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = &good, .msg_iovlen = 1}}};

	(void)state;
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_BUFFER, NULL, 0));
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_BUFFER, (const void *)8, 0));
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_VECTOR, garbage, 2));
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_VECTOR, garbage + 1, 1));
	assert_false(data_fires("send data=\"GET\": reset", SF_SHAPE_MESSAGES, messages, 2));
}

/* ---- what the call allows ---- */

static void actions_that_can_not_be_done_are_not_applicable(void **state)
{
	struct world world = world_with("recv nth=1: fail EAGAIN");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	assert_false(world_fires(&world, &call));
	assert_int_equal(counter(&world, 0)->not_applicable, 1);
	assert_int_equal(counter(&world, 0)->seen, 0);
	call.mode = SF_NONBLOCKING;
	assert_true(world_fires(&world, &call));
	world_end(&world);
}

/* A blocking send is never short on Linux without a signal; POSIX allows it. */
static void realism_kernel_leaves_posix_out(void **state)
{
	struct world world = world_with("send nth=1: short 5");
	struct sf_call call = world_call(SF_FUNC_send, world_connection(&world, world.thread, 80), 64);

	(void)state;
	world.arena->realism = SF_KERNEL;
	assert_false(world_fires(&world, &call));
	assert_int_equal(counter(&world, 0)->not_applicable, 1);
	assert_int_equal(counter(&world, 0)->seen, 0);
	world.arena->realism = SF_POSIX;
	struct sf_decision decision = world_decides(&world, &call);

	assert_true(decision.decided);
	assert_int_equal(decision.deciding.realism, SF_POSIX);
	world_end(&world);
}

static void the_last_word_is_the_kernels(void **state)
{
	struct world world = world_with("recv nth=1: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

	(void)state;
	world_says.confirmed = SF_REALISM_NONE;
	assert_false(world_fires(&world, &call));
	world_says.confirmed = SF_POSIX;
	world.arena->realism = SF_KERNEL;
	assert_false(world_fires(&world, &call));
	assert_int_equal(counter(&world, 0)->not_applicable, 2);
	assert_int_equal(counter(&world, 0)->seen, 0);
	world.arena->realism = SF_POSIX;
	assert_int_equal(world_decides(&world, &call).deciding.realism, SF_POSIX);
	world_end(&world);
}

static void the_worst_realism_of_all_actions_is_told(void **state)
{
	static const char *const rules[] = {"recv: signal SIGUSR1, fake EIO", "recv: fake EIO, signal SIGUSR1"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct world world = world_with(rules[i]);
		struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

		assert_int_equal(world_decides(&world, &call).deciding.realism, SF_FAKE);
		world_end(&world);
	}
}

/* ---- where there is nothing ---- */

static void without_rules_nothing_is_decided(void **state)
{
	struct world world = world_with("");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	struct sf_decision decision = world_decides(&world, &call);

	(void)state;
	assert_false(decision.decided);
	assert_int_equal(decision.shaping_count, 0);
	world_end(&world);
}

static void fill(struct world *world)
{
	while (sf_arena_pages(world->arena, 1))
		;
	while (sf_arena_heap(world->arena, 8))
		;
}

static void nothing_fires_where_there_is_no_room_to_count(void **state)
{
	static const char *const rules[] = {
	    "recv nth=2 per=conn: reset", "recv nth=2 per=thread: reset", "recv nth=2 per=process: reset",
	    "recv nth=2 chance=100%: reset", "recv nth=2.. times=1 per=conn: reset"};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct world world = world_with(rules[i]);
		struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

		fill(&world);
		assert_int_equal(world_pattern(&world, &call, 6), 0);
		assert_int_equal(world.arena->events_lost, 6); /* the summary says so */
		assert_int_equal(counter(&world, 0)->seen, 0);
		world_undoes(&world, &call);
		assert_int_equal(counter(&world, 0)->seen, 0);
		world_end(&world);
	}
}

/* What a rule counts before it is found out that the number has become another socket's. */
static void nobody_counts_a_call_on_another_socket(void **state)
{
	struct world world = world_with("recv nth=9 per=conn: eof\nrecv: delay 1ms\nrecv times=1: reset\nrecv: short 1");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64), again = call;

	(void)state;
	world_says.is_stranger = true;
	struct sf_decision decision = world_decides(&world, &call);

	assert_false(decision.decided);
	assert_int_equal(decision.shaping_count, 0);
	for (unsigned rule = 0; rule < 4; rule++) {
		assert_int_equal(counter(&world, rule)->seen, 0);
		assert_int_equal(counter(&world, rule)->fired, 0);
		assert_int_equal(counter(&world, rule)->not_applicable, 0);
	}
	world_says.is_stranger = false;
	assert_true(world_decides(&world, &again).decided);
	world_end(&world);
}

/* ---- rules that take the place of others ---- */

static void load(struct world *world, const char *rules, struct sf_socket *socket)
{
	struct sf_ruleset *set = rules_parsed(rules);

	sf_ruleset_finish(set);
	assert_true(sf_arena_load(world->arena, set));
	assert_non_null(sf_match_socket(world->arena, socket, true));
}

static void new_rules_count_from_zero_and_in_slots_of_their_own(void **state)
{
	static const char *const scopes[] = {"conn", "thread", "process"};
	char before[64], after[256];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(before, sizeof before, "recv nth=2 per=%s: reset", scopes[i]);
		snprintf(
		    after, sizeof after, "send nth=2 per=%s: reset\nsend nth=3 per=%s: closed\nrecv nth=3 per=%s: reset",
		    scopes[i], scopes[i], scopes[i]);
		struct world world = world_with(before);
		struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);

		assert_int_equal(world_pattern(&world, &call, 1), 0);
		load(&world, after, call.socket);
		struct sf_scope_counter *next = sf_arena_at(world.arena, sf_arena_heap(world.arena, sizeof *next));

		assert_int_equal(world_pattern(&world, &call, 6), 4);
		assert_int_equal(next->seen, 0); /* what was given to others is theirs */
		world_end(&world);
	}
}

/* A call that was entered under rules which are no longer there leaves the counters of the new ones alone. */
static void bits_of_other_rules_are_not_read(void **state)
{
	struct world world = world_with("recv: reset");
	struct sf_call call = world_call(SF_FUNC_recv, world_connection(&world, world.thread, 80), 64);
	struct sf_ruleset *set = rules_parsed("recv: eof\nsend: reset");

	(void)state;
	assert_true(world_fires(&world, &call));
	sf_ruleset_finish(set);
	assert_true(sf_arena_load(world.arena, set));
	assert_false(world_fires(&world, &call)); /* the socket was not settled for them yet */
	assert_non_null(sf_match_socket(world.arena, call.socket, true));
	assert_true(decided_by(&world, &call, 0));
	world_end(&world);
}

static void a_socket_that_found_no_room_meets_no_rule(void **state)
{
	struct world world = world_with("recv: reset");
	struct sf_socket *socket = world_socket(&world, SF_INET, SF_STREAM, SF_CLIENT);
	struct sf_call call = world_call(SF_FUNC_recv, socket, 64);

	(void)state;
	fill(&world);
	assert_null(sf_match_socket(world.arena, socket, false));
	assert_false(world_fires(&world, &call));
	world_end(&world);
}

static const struct CMUnitTest tests[] = {
    HOLDS(decide_never_fires_past_last),
    HOLDS(a_step_fires_at_the_first_and_each_so_many_after),
    HOLDS(nth_counts_within_conn),
    HOLDS(nth_counts_within_run_process_and_thread),
    HOLDS(times_counts_within_run_process_and_thread),
    HOLDS(times_counts_injections_never_evaluations),
    HOLDS(calls_without_a_connection_count_in_their_thread),
    HOLDS(the_ordinal_is_told_with_the_rule),
    HOLDS(first_deciding_rule_wins_and_later_ones_count_themselves),
    HOLDS(shaping_rules_let_the_search_go_on),
    HOLDS(more_shaping_rules_than_there_is_room_for_are_left_out),
    HOLDS(pass_ends_the_search),
    HOLDS(a_thousand_rules_are_told_apart),
    HOLDS(a_call_that_found_nothing_is_not_counted),
    HOLDS(the_call_after_one_that_found_nothing_draws_what_it_would_have_drawn),
    HOLDS(not_ready_is_undone_once),
    HOLDS(a_refused_call_that_then_finds_nothing_is_taken_back_once),
    HOLDS(what_is_taken_back_is_what_was_counted),
    HOLDS(many_counting_rules_are_all_taken_back),
    HOLDS(a_silence_is_known_before_the_call),
    HOLDS(what_another_fault_decides_is_not_silent),
    HOLDS(what_only_the_call_can_meet_is_left_to_it),
    HOLDS(a_silence_counts_an_injection_and_no_call),
    HOLDS(times_ends_silences),
    HOLDS(refuse_gives_back_the_count_and_the_injection),
    HOLDS(an_injection_into_nothing_is_given_back_and_its_count_taken_back),
    HOLDS(chance_is_near_what_was_asked),
    HOLDS(chance_is_a_pure_function_of_seed_rule_key_and_ordinal),
    HOLDS(chance_without_a_connection_is_drawn_in_the_thread),
    HOLDS(order_of_calls_does_not_matter),
    HOLDS(order_of_threads_does_not_matter),
    HOLDS(threads_never_exceed_times),
    HOLDS(the_same_random_number_comes_with_the_same_call),
    HOLDS(a_transfer_ends_where_offset_begins),
    HOLDS(a_call_that_takes_all_is_split_where_it_only_waits),
    HOLDS(the_parts_of_a_call_are_one_call),
    HOLDS(a_read_goes_past_the_offset_to_the_end_of_what_was_shown),
    HOLDS(a_transfer_goes_past_the_offset_of_a_rule_that_will_not_fire),
    HOLDS(datagrams_are_never_cut),
    HOLDS(offset_has_an_end),
    HOLDS(conn_numbers_follow_the_rules_own_words),
    HOLDS(conn_numbers_are_the_runs_where_the_rule_has_no_words),
    HOLDS(datagram_sockets_count_by_the_peer_of_their_first_call),
    HOLDS(conn_counts_those_of_the_program),
    HOLDS(a_socket_without_a_number_has_no_conn),
    HOLDS(key_names_one_connection),
    HOLDS(domestic_sockets_need_family),
    HOLDS(family_type_and_side_are_of_the_socket),
    HOLDS(local_is_the_sockets_own_address),
    HOLDS(peer_of_datagrams_is_asked_call_by_call),
    HOLDS(process_and_program_are_of_the_caller),
    HOLDS(func_chooses_the_function),
    HOLDS(size_is_what_was_asked_for),
    HOLDS(mode_is_that_of_the_call),
    HOLDS(time_is_since_the_run_began),
    HOLDS(thread_is_the_threads_name),
    HOLDS(caller_is_the_object_file_that_made_the_call),
    HOLDS(site_is_one_return_address),
    HOLDS(resolve_asks_for_the_name),
    HOLDS(creation_has_family_and_type_in_its_arguments),
    HOLDS(data_is_looked_for_in_a_buffer),
    HOLDS(data_may_lie_across_pieces),
    HOLDS(data_may_lie_in_any_message_but_not_across_them),
    HOLDS(data_is_not_looked_for_where_the_kernel_would_refuse),
    HOLDS(actions_that_can_not_be_done_are_not_applicable),
    HOLDS(realism_kernel_leaves_posix_out),
    HOLDS(the_last_word_is_the_kernels),
    HOLDS(the_worst_realism_of_all_actions_is_told),
    HOLDS(without_rules_nothing_is_decided),
    HOLDS(nothing_fires_where_there_is_no_room_to_count),
    HOLDS(new_rules_count_from_zero_and_in_slots_of_their_own),
    HOLDS(bits_of_other_rules_are_not_read),
    HOLDS(nobody_counts_a_call_on_another_socket),
    HOLDS(a_socket_that_found_no_room_meets_no_rule),
};

int main(void)
{
	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
