/* SPDX-License-Identifier: MIT
 *
 * Respites: a call that is let through is one that no rule would have done anything to, and all others are decided as
 * if there were none.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/match.h"
#include "core/respite.h"
#include "core/rng.h"
#include "rules.h"
#include "unit.h"
#include "world.h"

/* The thread sanitizer has nothing to say of the test of one thread, and takes its time. */
#ifdef __SANITIZE_THREAD__
#define ONE_THREAD_IS_CHEAP 0
#else
#define ONE_THREAD_IS_CHEAP 1
#endif

/* ---- numbers that are the same in each run ---- */

struct dice {
	uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
	dice->state++;
	return (unsigned)(sf_rng_mix(dice->state) >> 33) % sides;
}

/* ---- rules ---- */

struct text {
	char bytes[2048];
	size_t length;
};

static void put(struct text *text, const char *word)
{
	size_t length = strlen(word);

	assert_true(text->length + length < sizeof text->bytes);
	memcpy(text->bytes + text->length, word, length + 1);
	text->length += length;
}

static void put_number(struct text *text, const char *word, unsigned n)
{
	char digits[16];

	snprintf(digits, sizeof digits, "%u", n);
	put(text, word);
	put(text, digits);
}

/* low, low.., low..high, and sometimes /step. */
static void put_range(struct text *text, struct dice *dice, const char *word, unsigned low, unsigned span)
{
	unsigned form = roll(dice, 3);

	put_number(text, word, low);
	if (form == 1)
		put(text, "..");
	if (form == 2)
		put_number(text, "..", low + roll(dice, span));
}

static void put_nth(struct text *text, struct dice *dice)
{
	put_range(text, dice, " nth=", 1 + roll(dice, 400), 300);
	if (text->bytes[text->length - 1] == '.' && roll(dice, 2))
		put_number(text, "/", 1 + roll(dice, 90));
	if (roll(dice, 2))
		put(text, " per=conn");
}

/* One rule: what can be told beforehand, and now and then what can't. */
static void put_rule(struct text *text, struct dice *dice)
{
	static const char *const calls[] = {"send", "recv", "send,recv", "any"};
	static const char *const chances[] = {" chance=0.1%", " chance=0.5%", " chance=2%", " chance=10%"};
	static const char *const more[] = {" peer=*:80", " side=client", " mode=nonblocking", " conn=1..2",
	                                   " key=1.1:2", " size=100..",  " program=other"};
	static const char *const actions[] = {": delay 1us..9us\n", ": reset\n", ": pass\n"};
	unsigned kind = roll(dice, 8);

	put(text, calls[roll(dice, 4)]);
	if (kind < 4)
		put_nth(text, dice);
	if (kind == 4 || kind == 5 || (kind == 0 && roll(dice, 2)))
		put(text, chances[roll(dice, 4)]);
	if (kind == 5 || kind == 6)
		put_range(text, dice, " offset=", 200 + roll(dice, 30000), 2000);
	if (kind == 7 || roll(dice, 4) == 0)
		put_number(text, " times=", 1 + roll(dice, 9));
	if (kind == 7 && roll(dice, 2))
		put(text, " per=conn");
	if (roll(dice, 4) == 0)
		put(text, more[roll(dice, roll(dice, 5) ? 5 : 7)]);
	put(text, actions[roll(dice, 3)]);
}

static struct text some_rules(struct dice *dice)
{
	struct text text = {.length = 0};

	put_number(&text, "seed ", roll(dice, 1000));
	put(&text, "\n");
	for (unsigned i = 1 + roll(dice, 6); i > 0; i--)
		put_rule(&text, dice);
	return text;
}

/* ---- calls ---- */

#define SOCKETS 3

struct play {
	struct world world;
	struct sf_socket *sockets[SOCKETS];
};

static struct play play_of(const char *rules)
{
	struct play play = {.world = world_with(rules)};

	for (unsigned i = 0; i < SOCKETS; i++) {
		play.sockets[i] = world_connection(&play.world, play.world.thread, (uint16_t)(80 + i / 2));
		sf_socket_settle(play.sockets[i]);
	}
	return play;
}

/* What the program does and the kernel answers: the same in both worlds. */
struct step {
	enum sf_func func;
	unsigned socket, asked, part; /* part: of 100, that is moved */
	int flags;
	bool turns, finds_nothing, gives_back, is_shared;
};

static struct step next_step(struct dice *dice)
{
	static const enum sf_func funcs[] = {SF_FUNC_send, SF_FUNC_recv, SF_FUNC_recv, SF_FUNC_send,
	                                     SF_FUNC_send, SF_FUNC_recv, SF_FUNC_read, SF_FUNC_write};
	static const int flags[] = {0, 0, 0, 0, 0, 0, MSG_DONTWAIT, MSG_PEEK};
	static const unsigned sizes[] = {0, 1, 2, 10, 10, 30, 30, 300};
	struct step step = {.func = funcs[roll(dice, roll(dice, 10) ? 6 : 8)], .socket = roll(dice, SOCKETS)};

	if (step.func == SF_FUNC_send || step.func == SF_FUNC_recv)
		step.flags = flags[roll(dice, roll(dice, 10) ? 6 : 8)];
	if (step.flags == MSG_PEEK && step.func == SF_FUNC_send)
		step.flags = 0;
	step.asked = sizes[roll(dice, 8)];
	step.part = roll(dice, 4) ? 100 : roll(dice, 101);
	step.turns = roll(dice, 500) == 0;
	step.finds_nothing = roll(dice, 8) == 0;
	step.gives_back = roll(dice, 10) == 0;
	step.is_shared = roll(dice, 5000) == 0;
	return step;
}

static struct sf_call call_of(const struct play *play, const struct step *step)
{
	struct sf_call call = world_call(step->func, play->sockets[step->socket], step->asked);

	call.flags = step->flags;
	call.mode = call.socket->nonblocking || step->flags & MSG_DONTWAIT ? SF_NONBLOCKING : SF_BLOCKING;
	return call;
}

static void turn(const struct play *play, const struct step *step)
{
	struct sf_socket *socket = play->sockets[step->socket];

	if (step->is_shared)
		sf_respite_share(play->world.arena, socket);
	if (step->turns) {
		socket->nonblocking = !socket->nonblocking;
		sf_socket_settle(socket);
	}
}

static void move(const struct sf_call *call, const struct step *step)
{
	if (step->flags & MSG_PEEK)
		return;
	*(call->operation == SF_SEND ? &call->socket->sent : &call->socket->received) += call->len * step->part / 100;
}

static bool finds_nothing(const struct sf_call *call, const struct step *step)
{
	return call->mode == SF_NONBLOCKING && step->finds_nothing;
}

/* As the gate goes about it. */
static struct sf_decision decide(const struct play *play, struct sf_call *call, const struct step *step)
{
	struct sf_decision decision = world_decides(&play->world, call);
	bool fires = decision.decided || decision.shaping_count;

	if (decision.decided && step->gives_back)
		world_gives_back(&play->world, call, decision.deciding.rule);
	if (!fires && finds_nothing(call, step))
		world_undoes(&play->world, call);
	else
		move(call, step);
	return decision;
}

static bool rests(const struct play *play, const struct step *step)
{
	struct sf_call call = call_of(play, step);
	bool nothing = finds_nothing(&call, step);

	if (!world_rests(&play->world, &call, nothing))
		return false;
	if (!nothing)
		move(&call, step);
	return true;
}

static void compare(const struct sf_decision *a, const struct sf_decision *b)
{
	assert_int_equal(a->decided, b->decided);
	assert_int_equal(a->shaping_count, b->shaping_count);
	if (a->decided) {
		assert_int_equal(a->deciding.rule, b->deciding.rule);
		assert_int_equal(a->deciding.ordinal, b->deciding.ordinal);
		assert_int_equal(a->deciding.random, b->deciding.random);
	}
	for (unsigned i = 0; i < a->shaping_count; i++) {
		assert_int_equal(a->shaping[i].rule, b->shaping[i].rule);
		assert_int_equal(a->shaping[i].random, b->shaping[i].random);
	}
}

/* One call in both worlds. True: it had a respite. */
static bool play_step(const struct play *with, const struct play *without, const struct step *step)
{
	turn(with, step);
	turn(without, step);
	struct sf_call call = call_of(without, step), other = call_of(with, step);
	struct sf_decision decision = decide(without, &call, step);

	if (rests(with, step)) {
		assert_false(decision.decided || decision.shaping_count);
		assert_int_equal(call.len, call.asked);
		return true;
	}
	struct sf_decision same = decide(with, &other, step);

	compare(&decision, &same);
	assert_int_equal(call.len, other.len);
	world_grants(&with->world, &other);
	return false;
}

static unsigned play_game(uint64_t seed, unsigned steps)
{
	struct dice dice = {seed << 32};
	struct text rules = some_rules(&dice);
	struct play with = play_of(rules.bytes), without = play_of(rules.bytes);
	unsigned rested = 0;

	for (unsigned i = 0; i < steps; i++) {
		struct step step = next_step(&dice);

		rested += play_step(&with, &without, &step);
	}
	for (unsigned i = 0; i < sf_arena_rules(with.world.arena)->count; i++) {
		assert_int_equal(sf_arena_seen(with.world.arena, i), sf_arena_seen(without.world.arena, i));
		assert_int_equal(sf_arena_counter(with.world.arena, i)->fired, sf_arena_counter(without.world.arena, i)->fired);
	}
	world_end(&with.world);
	world_end(&without.world);
	return rested;
}

/* The seed of a failure is in what the test prints. */
static void no_call_in_a_respite_would_have_met_a_rule(void **state)
{
	enum { GAMES = ONE_THREAD_IS_CHEAP ? 400 : 20, STEPS = 3000 };
	unsigned rested = 0;

	(void)state;
	for (unsigned seed = 1; seed <= GAMES; seed++) {
		fprintf(stderr, "%u\r", seed);
		rested += play_game(seed, STEPS);
	}
	assert_true(rested > GAMES * STEPS / 10);
}

/* ---- threads ---- */

enum { THREADS = 4, CALLS = 20000 };

struct worker {
	struct world *world;
	struct sf_socket *socket;
	uint32_t thread;
	unsigned rested;
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (unsigned i = 0; i < CALLS; i++) {
		struct sf_call call = world_call(SF_FUNC_recv, worker->socket, 10);

		if (world_rests(worker->world, &call, false)) {
			worker->rested++;
			continue;
		}
		world_decides_in(worker->world, worker->thread, &call);
		world_grants(worker->world, &call);
	}
	return NULL;
}

static uint64_t chosen(const struct world *world, unsigned rule)
{
	const struct sf_counter *counter = sf_arena_counter(world->arena, rule);

	return counter->fired + counter->shadowed;
}

/* Each on a connection of its own, as processes are: each ordinal is given once. */
static void threads_leave_no_ordinal_out_and_give_none_twice(void **state)
{
	struct world world = world_with("recv nth=500../500: pass\nrecv nth=300../300 per=conn: pass\n"
	                                "recv peer=*:81 nth=70../7000: pass\nrecv chance=0.05%: pass");
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	unsigned rested = 0;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.world = &world, .thread = made_thread(&world.trace, world.thread, 10 + i)};
		workers[i].socket = world_connection(&world, world.thread, (uint16_t)(80 + i / 2));
		sf_socket_settle(workers[i].socket);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		rested += workers[i].rested;
	}
	assert_int_equal(sf_arena_seen(world.arena, 0), THREADS * CALLS);
	assert_int_equal(chosen(&world, 0), THREADS * CALLS / 500);
	assert_int_equal(chosen(&world, 1), THREADS * (CALLS / 300));
	assert_int_equal(chosen(&world, 2), 1 + (2 * CALLS - 70) / 7000);
	assert_true(rested > 0);
	world_end(&world);
}

/* ---- what has none ---- */

/* Of a hundred calls, of which the first so many are made before another process has the socket too. */
static unsigned rests_of_one(const char *rules, unsigned alone)
{
	struct world world = world_with(rules);
	struct sf_socket *socket = world_connection(&world, world.thread, 80);
	unsigned rested = 0;

	sf_socket_settle(socket);
	for (unsigned i = 0; i < 100; i++) {
		struct sf_call call = world_call(SF_FUNC_recv, socket, 64);

		if (i == alone)
			sf_respite_share(world.arena, socket);
		if (world_rests(&world, &call, false)) {
			rested++;
			continue;
		}
		world_decides(&world, &call);
		world_grants(&world, &call);
		socket->received += 64;
	}
	world_end(&world);
	return rested;
}

static unsigned rests_of(const char *rules)
{
	return rests_of_one(rules, 100);
}

static void what_only_the_call_can_tell_gives_none(void **state)
{
	static const char *const rules[] = {
	    "recv size=100.. nth=9: reset",       "recv nth=300 process=1: reset",
	    "recv nth=300 program=client: reset", "recv nth=500 per=thread: reset",
	    "recv time=5s.. nth=300: reset",      "recv caller=libc* nth=300: reset",
	    "recv offset=0..: delay 1us",         "recv: delay 1us",
	    "recv thread=main nth=300: reset",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++)
		assert_int_equal(rests_of(rules[i]), 0);
}

static void what_is_far_or_over_gives_them(void **state)
{
	static const char *const rules[] = {
	    "recv nth=5000: reset",
	    "recv nth=1: pass",
	    "recv times=2: pass",
	    "recv chance=0.0001%: reset",
	    "recv offset=1MiB..: reset",
	    "recv size=1000.. nth=5 func=read: reset",
	    "recv mode=nonblocking: reset",
	    "recv times=1 per=conn: pass",
	    "recv offset=64..127 nth=9: pass"};

	(void)state;
	for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++)
		assert_in_range(rests_of(rules[i]), 90, 99);
}

/* A call that takes from two allowances can be seen by another process in the one, and be given back when there is
 * nothing in the other: an ordinal would be given twice. */
static void a_connection_of_several_processes_takes_from_one_allowance_or_from_none(void **state)
{
	static const char *const of_connection[] = {
	    "recv nth=5000 per=conn: reset", "recv chance=0.0001%: reset",
	    "recv nth=5000: reset\nrecv offset=1MiB..: reset"};

	(void)state;
	for (unsigned i = 0; i < sizeof of_connection / sizeof of_connection[0]; i++) {
		assert_int_equal(rests_of_one(of_connection[i], 0), 0);
		assert_in_range(rests_of_one(of_connection[i], 50), 40, 50);
	}
	assert_in_range(rests_of_one("recv nth=5000: reset", 0), 90, 99);
	assert_in_range(rests_of_one("recv nth=5000: reset", 50), 90, 99);
}

/* A call of one byte or none can't be cut: a rule that cuts does not count it. */
static void what_a_rule_counts_by_its_length_takes_no_call_for_granted(void **state)
{
	struct world world = world_with("recv nth=5: short 1");
	struct sf_socket *socket = world_connection(&world, world.thread, 80);
	struct sf_call one = world_call(SF_FUNC_recv, socket, 1), many = world_call(SF_FUNC_recv, socket, 64);

	(void)state;
	sf_socket_settle(socket);
	world_decides(&world, &many);
	world_grants(&world, &many);
	assert_false(world_rests(&world, &one, false));
	assert_true(world_rests(&world, &many, false));
	world_end(&world);
}

/* As when the number comes to mean another connection: what was known of it is not true of that. */
static void other_rules_on_the_connection_end_it(void **state)
{
	struct world world = world_with("recv nth=5000: reset\nrecv peer=*:90: reset");
	struct sf_socket *socket = world_connection(&world, world.thread, 80);
	struct sf_call call = world_call(SF_FUNC_recv, socket, 64);

	(void)state;
	sf_socket_settle(socket);
	world_decides(&world, &call);
	world_grants(&world, &call);
	assert_true(world_rests(&world, &call, false));
	socket->peer.port = 90;
	assert_non_null(sf_match_socket(world.arena, socket, false));
	assert_false(world_rests(&world, &call, false));
	assert_true(world_decides(&world, &call).decided);
	world_end(&world);
}

/* Calls are counted for the rules that stand, whatever those before them have let through. */
static void other_rules_let_no_call_through_that_those_before_them_did(void **state)
{
	struct world world = world_with("recv nth=5000: reset");
	struct sf_socket *socket = world_connection(&world, world.thread, 80);
	struct sf_call call = world_call(SF_FUNC_recv, socket, 64);
	struct sf_ruleset *set = rules_parsed("recv nth=2: reset");

	(void)state;
	sf_socket_settle(socket);
	world_decides(&world, &call);
	world_grants(&world, &call);
	assert_true(world_rests(&world, &call, false));
	sf_ruleset_finish(set);
	assert_true(sf_arena_load(world.arena, set));
	assert_non_null(sf_match_socket(world.arena, socket, false));
	assert_false(world_rests(&world, &call, false));
	assert_false(world_decides(&world, &call).decided);
	assert_true(world_decides(&world, &call).decided);
	world_end(&world);
}

/* What had used up times= is given back when others already have a respite for it. */
static void what_is_given_back_ends_it(void **state)
{
	struct world world = world_with("recv times=1: pass");
	struct sf_socket *socket = world_connection(&world, world.thread, 80);
	struct sf_call first = world_call(SF_FUNC_recv, socket, 64), second = first;

	(void)state;
	sf_socket_settle(socket);
	assert_true(world_decides(&world, &first).decided);
	assert_false(world_decides(&world, &second).decided);
	world_grants(&world, &second);
	assert_true(world_rests(&world, &second, false));
	world_gives_back(&world, &first, 0);
	assert_false(world_rests(&world, &second, false));
	assert_true(world_decides(&world, &second).decided);
	world_end(&world);
}

/* Which call is the first to be hit is drawn for many at once; that shows nowhere. */
static void a_chance_is_the_same_at_each_ordinal(void **state)
{
	enum { ROW = 64, ROWS = 3000, EXPECTED = ROWS / 20 };
	struct world world = world_with("recv chance=5%: pass");
	struct sf_socket *socket = world_connection(&world, world.thread, 80);
	struct sf_call call = world_call(SF_FUNC_recv, socket, 64);
	unsigned hits[ROW] = {0}, pairs = 0, all = 0;
	bool before = false;

	(void)state;
	for (unsigned i = 0; i < ROW * ROWS; i++) {
		bool hit = world_fires(&world, &call);

		hits[i % ROW] += hit;
		pairs += hit && before;
		all += hit;
		before = hit;
	}
	for (unsigned i = 0; i < ROW; i++)
		assert_in_range(hits[i], EXPECTED * 2 / 3, EXPECTED * 4 / 3);
	assert_in_range(all, ROW * EXPECTED * 97 / 100, ROW * EXPECTED * 103 / 100);
	assert_in_range(pairs, all / 20 * 8 / 10, all / 20 * 12 / 10); /* of one another they know nothing */
	world_end(&world);
}

static const struct CMUnitTest tests[] = {
    HOLDS(no_call_in_a_respite_would_have_met_a_rule),
    HOLDS(threads_leave_no_ordinal_out_and_give_none_twice),
    HOLDS(what_only_the_call_can_tell_gives_none),
    HOLDS(what_is_far_or_over_gives_them),
    HOLDS(a_connection_of_several_processes_takes_from_one_allowance_or_from_none),
    HOLDS(what_a_rule_counts_by_its_length_takes_no_call_for_granted),
    HOLDS(other_rules_let_no_call_through_that_those_before_them_did),
    HOLDS(other_rules_on_the_connection_end_it),
    HOLDS(what_is_given_back_ends_it),
    HOLDS(a_chance_is_the_same_at_each_ordinal),
};

int main(void)
{
	return cmocka_run_group_tests_name("respite", tests, NULL, NULL);
}
