/* SPDX-License-Identifier: MIT
 *
 * test_faults.c -- what each file of fault/ says is possible, and what it makes of a call. No socket, no system call.
 * A kind without a function KIND_holds() here is an undeclared name: the list below is that of the folder.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>

#include "core/call.h"
#include "core/fact.h"
#include "core/fault.h"
#include "core/rng.h"
#include "unit.h"

static struct sf_call call_of(enum sf_func func, enum sf_family family, enum sf_type type, enum sf_side side)
{
	static char payload[64];
	static char bytes[64];
	struct sf_call call;

	memset(&call, 0, sizeof call); /* padding too: calls are compared byte by byte */
	call.shape = SF_SHAPE_BUFFER;
	call.buf = bytes;
	call.func = (uint16_t)func;
	call.operation = sf_func_rows[func].operation;
	call.family = (uint8_t)family;
	call.type = (uint8_t)type;
	call.side = (uint8_t)side;
	call.mode = SF_BLOCKING;
	call.on = sf_on(family, type);
	call.asked = call.len = sizeof payload;
	call.shape = SF_SHAPE_BUFFER;
	call.buf = payload;
	return call;
}

static struct sf_call stream_call(enum sf_func func)
{
	return call_of(func, SF_INET, SF_STREAM, SF_CLIENT);
}

static struct sf_argument argument(enum sf_argument_unit unit, uint64_t low, uint64_t high)
{
	return (struct sf_argument){.unit = (uint8_t)unit, .low = low, .high = high};
}

static const struct sf_argument none = {0};

/* ---- possible ---- */

typedef enum sf_realism expectation(const struct sf_call *call);

static void is_possible_as(const struct sf_fault *fault, expectation *expected, const struct sf_call *call)
{
	enum sf_realism said = fault->possible(call, &none), want = expected(call);

	if (said != want)
		fail_msg(
		    "%s on %s of %zu bytes, %s %s %s %s: %s, expected %s", fault->usage, sf_func_rows[call->func].name,
		    call->asked, sf_family_words[call->family], sf_type_words[call->type], sf_side_words[call->side],
		    sf_mode_words[call->mode], sf_realism_words[said], sf_realism_words[want]);
}

static void is_possible_in_each_mode_as(const struct sf_fault *fault, expectation *expected, struct sf_call call)
{
	static const size_t sizes[] = {0, 1, 2, 64};

	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		call.asked = call.len = sizes[i];
		for (int mode = 0; mode < SF_MODE_COUNT; mode++) {
			call.mode = (uint8_t)mode;
			is_possible_as(fault, expected, &call);
		}
	}
}

static bool is_of(const struct sf_fault *fault, enum sf_func func, int family)
{
	return fault->operations & SF_BIT(sf_func_rows[func].operation) &&
	       (!fault->families || fault->families >> family & 1);
}

/* All that a call can be, for the operations and families that the fault can be written for. */
static void is_possible_where(const struct sf_fault *fault, expectation *expected)
{
	static const enum sf_func funcs[] = {SF_FUNC_connect,  SF_FUNC_accept, SF_FUNC_send,      SF_FUNC_recv,
	                                     SF_FUNC_shutdown, SF_FUNC_close,  SF_FUNC_getsockopt};

	for (unsigned i = 0; i < sizeof funcs / sizeof funcs[0]; i++)
		for (int family = 0; family < SF_FAMILY_COUNT; family++)
			for (int type = 0; type < SF_TYPE_COUNT; type++)
				for (int side = 0; side < SF_SIDE_COUNT; side++)
					if (is_of(fault, funcs[i], family))
						is_possible_in_each_mode_as(
						    fault, expected,
						    call_of(funcs[i], (enum sf_family)family, (enum sf_type)type, (enum sf_side)side));
}

static enum sf_realism on_connected_streams(const struct sf_call *call)
{
	bool is_connected = call->side == SF_CLIENT || call->side == SF_SERVER;

	return call->type == SF_STREAM && is_connected ? SF_KERNEL : SF_REALISM_NONE;
}

static enum sf_realism on_datagrams_with_data(const struct sf_call *call)
{
	bool of_a_network = call->family == SF_INET || call->family == SF_INET6;

	return call->type == SF_DGRAM && of_a_network && call->asked > 0 ? SF_KERNEL : SF_REALISM_NONE;
}

/* connect of a datagram socket asks nobody, and is done at once. */
static enum sf_realism where_a_peer_answers(const struct sf_call *call)
{
	return call->operation == SF_CONNECT && call->type == SF_DGRAM ? SF_REALISM_NONE : SF_KERNEL;
}

static enum sf_realism never_real(const struct sf_call *call)
{
	(void)call;
	return SF_FAKE;
}

/* One byte can't be fewer; a blocking send is short only after a signal, which POSIX leaves open. */
static enum sf_realism on_streams_with_two_bytes(const struct sf_call *call)
{
	if (call->type != SF_STREAM || call->asked < 2)
		return SF_REALISM_NONE;
	return call->operation == SF_SEND && call->mode == SF_BLOCKING ? SF_POSIX : SF_KERNEL;
}

/* ---- before ---- */

/* The fault has made of one call the other, and changed nothing else of it. */
static void
makes(const struct sf_fault *fault, struct sf_argument a, const struct sf_call *from, const struct sf_call *to)
{
	struct sf_call call = *from;

	fault->before(&call, &a);
	assert_memory_equal(&call, to, sizeof call);
	assert_null(fault->after);
}

static void wishes_alone(const struct sf_fault *fault, uint32_t wish)
{
	struct sf_call from = stream_call(SF_FUNC_recv), to;

	from.wishes = SF_WISH_CORRUPT; /* of another action of the rule: it stays */
	to = from;
	to.wishes |= wish;
	makes(fault, none, &from, &to);
}

static void closed_holds(void **state)
{
	(void)state;
	is_possible_where(&sf_fault_closed, on_connected_streams);
	wishes_alone(&sf_fault_closed, SF_WISH_PEER_CLOSED);
}

static void eof_holds(void **state)
{
	(void)state;
	is_possible_where(&sf_fault_eof, on_connected_streams);
	wishes_alone(&sf_fault_eof, SF_WISH_SHUT_READ);
}

static void reset_holds(void **state)
{
	(void)state;
	is_possible_where(&sf_fault_reset, on_connected_streams);
	wishes_alone(&sf_fault_reset, SF_WISH_RESET);
}

static void drop_holds(void **state)
{
	(void)state;
	is_possible_where(&sf_fault_drop, on_datagrams_with_data);
	wishes_alone(&sf_fault_drop, SF_WISH_DROP);
}

static void duplicate_holds(void **state)
{
	(void)state;
	is_possible_where(&sf_fault_duplicate, on_datagrams_with_data);
	wishes_alone(&sf_fault_duplicate, SF_WISH_DUPLICATE);
}

static void wishes_an_amount(const struct sf_fault *fault, uint32_t wish, struct sf_argument a, uint64_t amount)
{
	struct sf_call call = call_of(SF_FUNC_sendto, SF_INET, SF_DGRAM, SF_CLIENT);

	call.wishes = SF_WISH_DROP; /* of another action of the rule: it stays */
	fault->before(&call, &a);
	assert_int_equal(call.wishes, wish | SF_WISH_DROP);
	assert_int_equal(call.value, amount);
	assert_int_equal(call.len, 64); /* datagrams are never asked for in part */
	assert_int_equal(call.ret, 0);
	assert_int_equal(call.err, 0);
}

/* TCP has checksums: on a stream no network does this. */
static void corrupt_holds(void **state)
{
	struct sf_call datagram = call_of(SF_FUNC_sendto, SF_INET, SF_DGRAM, SF_CLIENT);
	struct sf_call stream = stream_call(SF_FUNC_send), empty = datagram;

	(void)state;
	empty.asked = empty.len = 0;
	assert_int_equal(sf_fault_corrupt.possible(&datagram, &none), SF_KERNEL);
	assert_int_equal(sf_fault_corrupt.possible(&stream, &none), SF_FAKE);
	assert_int_equal(sf_fault_corrupt.possible(&empty, &none), SF_REALISM_NONE);
	wishes_an_amount(&sf_fault_corrupt, SF_WISH_CORRUPT, none, 1);
	wishes_an_amount(&sf_fault_corrupt, SF_WISH_CORRUPT, argument(SF_UNIT_BYTES, 7, 7), 7);
	wishes_an_amount(&sf_fault_corrupt, SF_WISH_CORRUPT, argument(SF_UNIT_BYTES, UINT64_C(1) << 32, 0), 64);
}

static void reorder_holds(void **state)
{
	(void)state;
	is_possible_where(&sf_fault_reorder, on_datagrams_with_data);
	wishes_an_amount(&sf_fault_reorder, SF_WISH_REORDER, none, 1);
	wishes_an_amount(&sf_fault_reorder, SF_WISH_REORDER, argument(SF_UNIT_COUNT, 3, 3), 3);
	wishes_an_amount(&sf_fault_reorder, SF_WISH_REORDER, argument(SF_UNIT_COUNT, UINT64_C(1) << 32, 0), UINT32_MAX);
}

static enum sf_realism truncates(enum sf_func func, enum sf_family family, size_t room)
{
	struct sf_call call = call_of(func, family, SF_DGRAM, SF_CLIENT);
	struct sf_argument a = argument(SF_UNIT_BYTES, 12, 12);

	call.asked = call.len = room;
	return sf_fault_truncate.possible(&call, &a);
}

static void truncate_holds(void **state)
{
	(void)state;
	is_possible_where(&sf_fault_truncate, on_datagrams_with_data);
	/* What has room for any datagram cuts none. */
	assert_int_equal(truncates(SF_FUNC_recv, SF_INET, 65506), SF_KERNEL);
	assert_int_equal(truncates(SF_FUNC_recv, SF_INET, 65507), SF_REALISM_NONE);
	assert_int_equal(truncates(SF_FUNC_recv, SF_INET6, 65526), SF_KERNEL);
	assert_int_equal(truncates(SF_FUNC_recv, SF_INET6, 65527), SF_REALISM_NONE);
	assert_int_equal(truncates(SF_FUNC_send, SF_INET, 65507), SF_KERNEL);
	wishes_an_amount(&sf_fault_truncate, SF_WISH_TRUNCATE, argument(SF_UNIT_BYTES, 0, 0), 0);
	wishes_an_amount(&sf_fault_truncate, SF_WISH_TRUNCATE, argument(SF_UNIT_BYTES, 512, 512), 512);
	wishes_an_amount(&sf_fault_truncate, SF_WISH_TRUNCATE, argument(SF_UNIT_BYTES, UINT64_C(1) << 32, 0), UINT32_MAX);
}

static void fake_holds(void **state)
{
	struct sf_call from = stream_call(SF_FUNC_recv), to = from;

	(void)state;
	is_possible_where(&sf_fault_fake, never_real);
	to.wishes = SF_WISH_RAW;
	to.err = EBADF;
	to.value = EBADF;
	makes(&sf_fault_fake, argument(SF_UNIT_ERRNO, EBADF, EBADF), &from, &to);
}

static enum sf_realism fails(enum sf_func func, enum sf_type type, enum sf_mode mode, int number)
{
	struct sf_call call = call_of(func, SF_INET, type, SF_CLIENT);
	struct sf_argument a = argument(SF_UNIT_ERRNO, (uint64_t)number, (uint64_t)number);

	call.mode = (uint8_t)mode;
	return sf_fault_fail.possible(&call, &a);
}

static void fail_holds(void **state)
{
	struct sf_call from = stream_call(SF_FUNC_recv), to = from;

	(void)state;
	assert_int_equal(fails(SF_FUNC_recv, SF_STREAM, SF_NONBLOCKING, EAGAIN), SF_KERNEL);
	assert_int_equal(fails(SF_FUNC_recv, SF_STREAM, SF_TIMEOUT, EAGAIN), SF_KERNEL);
	assert_int_equal(fails(SF_FUNC_recv, SF_STREAM, SF_BLOCKING, EAGAIN), SF_REALISM_NONE);
	assert_int_equal(fails(SF_FUNC_recv, SF_STREAM, SF_MODE_UNKNOWN, EAGAIN), SF_KERNEL);
	assert_int_equal(fails(SF_FUNC_recv, SF_STREAM, SF_BLOCKING, ECONNRESET), SF_KERNEL);
	assert_int_equal(fails(SF_FUNC_recv, SF_STREAM, SF_BLOCKING, EMSGSIZE), SF_REALISM_NONE);
	assert_int_equal(fails(SF_FUNC_recv, SF_STREAM, SF_BLOCKING, EBADF), SF_REALISM_NONE); /* the program's fault */
	assert_int_equal(fails(SF_FUNC_recv, SF_STREAM, SF_BLOCKING, 9999), SF_REALISM_NONE);
	assert_int_equal(fails(SF_FUNC_getaddrinfo, SF_TYPE_OTHER, SF_MODE_UNKNOWN, -EAI_AGAIN), SF_KERNEL);
	to.wishes = SF_WISH_FAIL;
	to.err = ECONNRESET;
	to.value = ECONNRESET;
	makes(&sf_fault_fail, argument(SF_UNIT_ERRNO, ECONNRESET, ECONNRESET), &from, &to);
}

static void delay_holds(void **state)
{
	struct sf_call from = stream_call(SF_FUNC_recv), to = from;

	(void)state;
	assert_null(sf_fault_delay.possible);
	from.delay_ns = 100; /* of a rule before */
	to.delay_ns = to.value = 105;
	makes(&sf_fault_delay, argument(SF_UNIT_DURATION, 5, 5), &from, &to);
	from.random = to.random = 12;
	to.delay_ns = to.value = 100 + 7; /* 5 + 12 % 10 */
	makes(&sf_fault_delay, argument(SF_UNIT_DURATION, 5, 14), &from, &to);
}

static void latency_holds(void **state)
{
	struct sf_call from = stream_call(SF_FUNC_recv), to = from;

	(void)state;
	is_possible_where(&sf_fault_latency, where_a_peer_answers);
	from.latency_ns = 100;
	to.latency_ns = 105;
	makes(&sf_fault_latency, argument(SF_UNIT_DURATION, 5, 5), &from, &to);
}

static void signal_holds(void **state)
{
	struct sf_call from = stream_call(SF_FUNC_recv), to = from;

	(void)state;
	assert_null(sf_fault_signal.possible);
	to.signal = SIGUSR1;
	to.value = SIGUSR1;
	makes(&sf_fault_signal, argument(SF_UNIT_SIGNAL, SIGUSR1, SIGUSR1), &from, &to);
}

static void stall_holds(void **state)
{
	struct sf_call from = stream_call(SF_FUNC_recv), to = from;

	(void)state;
	is_possible_where(&sf_fault_stall, where_a_peer_answers);
	to.wishes = SF_WISH_HOLD;
	to.hold_ns = UINT64_MAX;
	makes(&sf_fault_stall, none, &from, &to);
	to.hold_ns = to.value = 3000;
	makes(&sf_fault_stall, argument(SF_UNIT_DURATION, 3000, 3000), &from, &to);
}

static void pass_holds(void **state)
{
	(void)state;
	assert_null(sf_fault_pass.possible);
	assert_null(sf_fault_pass.before);
	assert_null(sf_fault_pass.after);
	assert_false(sf_fault_pass.shapes); /* else the search would go on */
}

/* A slice of 20 ms at a time, at least a byte; a send that may block takes all, and waits for it. */
static void rate_makes(struct sf_call from, uint64_t rate, size_t length)
{
	struct sf_call to = from;

	to.rate = rate;
	to.len = length;
	makes(&sf_fault_rate, argument(SF_UNIT_RATE, rate, rate), &from, &to);
}

static void rate_holds(void **state)
{
	struct sf_call receive = stream_call(SF_FUNC_recv), send = stream_call(SF_FUNC_send), to;
	struct sf_call datagram = call_of(SF_FUNC_recv, SF_INET, SF_DGRAM, SF_CLIENT);

	(void)state;
	assert_null(sf_fault_rate.possible);
	rate_makes(receive, 500, 10);
	rate_makes(receive, 50, 1);
	rate_makes(receive, 1, 1);
	rate_makes(receive, 1000000, 64);
	rate_makes(datagram, 500, 64);
	rate_makes(send, 500, 64);
	send.mode = SF_NONBLOCKING;
	rate_makes(send, 500, 10);
	to = receive;
	to.flags = MSG_WAITALL;
	rate_makes(to, 500, 64);
	to.mode = SF_NONBLOCKING;
	rate_makes(to, 500, 10);
	receive.rate = 100; /* of a rule before: the slower one holds */
	to = receive;
	to.len = 10;
	makes(&sf_fault_rate, argument(SF_UNIT_RATE, 500, 500), &receive, &to);
	receive.rate = 1000;
	rate_makes(receive, 500, 10);
}

/* ---- short ---- */

static size_t shortened(struct sf_argument a, size_t asked, size_t length, uint64_t random)
{
	struct sf_call from = stream_call(SF_FUNC_recv), to;

	from.asked = asked;
	from.len = length;
	from.random = random;
	to = from;
	sf_fault_short.before(&to, &a);
	assert_true(to.len >= 1);
	assert_true(to.len <= length);
	from.len = to.len;
	from.value = to.len; /* what was picked, and nothing else is changed */
	assert_memory_equal(&from, &to, sizeof to);
	return to.len;
}

static void short_holds(void **state)
{
	(void)state;
	is_possible_where(&sf_fault_short, on_streams_with_two_bytes);
	assert_int_equal(shortened(argument(SF_UNIT_BYTES, 1, 1), 64, 64, 0), 1);
	assert_int_equal(shortened(argument(SF_UNIT_BYTES, 16, 16), 64, 64, 0), 16);
	assert_int_equal(shortened(argument(SF_UNIT_BYTES, 100, 100), 64, 64, 0), 64);
	assert_int_equal(shortened(argument(SF_UNIT_BYTES, 16, 16), 64, 10, 0), 10); /* was cut already */
}

/* What the program has seen of a stream, and what poll promises it, is what it gets. */
static void short_and_rate_keep_promises(void **state)
{
	struct sf_argument one = argument(SF_UNIT_BYTES, 1, 1), slow = argument(SF_UNIT_RATE, 50, 50);
	struct sf_socket socket = {.received = 100, .shown = 110};
	struct sf_call read = stream_call(SF_FUNC_recv), peek, slowly;

	(void)state;
	read.socket = &socket;
	slowly = peek = read;
	peek.flags = MSG_PEEK;
	sf_fault_short.before(&read, &one);
	assert_int_equal(read.len, 10);
	sf_fault_rate.before(&slowly, &slow);
	assert_int_equal(slowly.len, 10);
	sf_fault_short.before(&peek, &one); /* who looks again sees more */
	assert_int_equal(peek.len, 11);

	socket.received = 110; /* it has been read */
	read.len = read.asked;
	sf_fault_short.before(&read, &one);
	assert_int_equal(read.len, 1);
	socket.low_water = 5;
	read.len = read.asked;
	sf_fault_short.before(&read, &one);
	assert_int_equal(read.len, 5);
	socket.low_water = 1000;
	read.len = read.asked;
	sf_fault_short.before(&read, &one);
	assert_int_equal(read.len, 64);
}

static void a_send_is_short_whatever_was_shown(void **state)
{
	struct sf_argument one = argument(SF_UNIT_BYTES, 1, 1);
	struct sf_socket socket = {.shown = 10, .low_water = 5};
	struct sf_call send = stream_call(SF_FUNC_send);

	(void)state;
	send.socket = &socket;
	sf_fault_short.before(&send, &one);
	assert_int_equal(send.len, 1);
}

static void short_by_percent_is_of_what_was_asked_for(void **state)
{
	(void)state;
	assert_int_equal(shortened(argument(SF_UNIT_PERCENT, 500000, 500000), 64, 64, 0), 32);
	assert_int_equal(shortened(argument(SF_UNIT_PERCENT, 10000, 10000), 1000, 1000, 0), 10);
	assert_int_equal(shortened(argument(SF_UNIT_PERCENT, 1, 1), 64, 64, 0), 1); /* rounds to none: one byte */
	assert_int_equal(shortened(argument(SF_UNIT_PERCENT, 999999, 999999), 2, 2, 0), 1);
	assert_int_equal(shortened(argument(SF_UNIT_PERCENT, 500000, 500000), 64, 20, 0), 20);
}

static void short_is_never_none_and_never_longer(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t random = sf_rng_mix(i), low = 1 + random % 100, high = low + (random >> 8) % 100;
		size_t asked = 2 + (random >> 16) % 200, got;

		got = shortened(argument(SF_UNIT_BYTES, low, high), asked, asked, random);
		assert_true(got <= high);
		assert_true(got >= low || got == asked);
		shortened(argument(SF_UNIT_PERCENT, 1 + random % 999999, 0), asked, asked, random);
	}
}

/* ---- ranges ---- */

static void a_range_is_drawn_from_whole_and_evenly(void **state)
{
	unsigned hits[17] = {0};

	(void)state;
	for (uint64_t i = 0; i < 16000; i++)
		hits[shortened(argument(SF_UNIT_BYTES, 1, 16), 64, 64, sf_rng(1, 2, 3, i))]++;
	assert_int_equal(hits[0], 0);
	for (unsigned n = 1; n <= 16; n++)
		assert_in_range(hits[n], 800, 1200);
}

static void a_pick_stays_in_its_range(void **state)
{
	struct sf_call call = stream_call(SF_FUNC_recv);
	struct sf_argument open = argument(SF_UNIT_BYTES, 5, UINT64_MAX), all = argument(SF_UNIT_BYTES, 0, UINT64_MAX - 1);

	(void)state;
	call.random = UINT64_MAX;
	assert_int_equal(sf_pick(&call, &open), 5);
	assert_true(sf_pick(&call, &all) < UINT64_MAX);
	struct sf_argument one = argument(SF_UNIT_BYTES, 9, 9);

	assert_int_equal(sf_pick(&call, &one), 9);
}

/* ---- all kinds ---- */

static const enum sf_realism realisms[SF_POSSIBLE_COUNT] = {
    [SF_POSSIBLE_POSIX] = SF_POSIX,
    [SF_POSSIBLE_COND] = SF_KERNEL,
    [SF_POSSIBLE_YES] = SF_KERNEL,
};

/* fail obeys the table row by row: this one says so much, another one may say more. */
static void obeys(const struct sf_fact *fact, enum sf_func func, uint8_t on, enum sf_mode mode)
{
	struct sf_call call = stream_call(func);
	struct sf_argument a = argument(SF_UNIT_ERRNO, (uint64_t)fact->number, (uint64_t)fact->number);
	const struct sf_fact *best = sf_fact_find(func, fact->number, on, (uint8_t)SF_BIT(mode));

	call.on = on;
	call.mode = (uint8_t)mode;
	assert_int_equal(sf_fault_fail.possible(&call, &a), realisms[best->possible]);
	assert_true(best->possible >= fact->possible);
}

static void fail_obeys_the_table_of_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sf_fact_count; i++)
		for (unsigned func = 0; func < SF_FUNC_COUNT; func++)
			for (unsigned on = 0; on < SF_ON_COUNT; on++)
				for (int mode = SF_BLOCKING; mode < SF_MODE_COUNT; mode++)
					if (sf_facts[i].funcs[func / 64] >> func % 64 & 1 && sf_facts[i].on >> on & 1 &&
					    sf_facts[i].modes >> mode & 1)
						obeys(&sf_facts[i], (enum sf_func)func, (uint8_t)SF_BIT(on), (enum sf_mode)mode);
}

/* A call on an unknown kind of socket is asked of all rows. */
static void fail_is_possible_where_any_socket_may_give_it(void **state)
{
	struct sf_call call = stream_call(SF_FUNC_recv);
	struct sf_argument a = argument(SF_UNIT_ERRNO, ECONNREFUSED, ECONNREFUSED);

	(void)state;
	call.on = SF_ON_UNIX_STREAM;
	assert_int_equal(sf_fault_fail.possible(&call, &a), SF_REALISM_NONE);
	call.on = SF_ON_UDP;
	assert_int_equal(sf_fault_fail.possible(&call, &a), SF_KERNEL);
	call.on = 0;
	assert_int_equal(sf_fault_fail.possible(&call, &a), SF_KERNEL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define SF_FAULT(kind) HOLDS(kind##_holds),
#include "faults.def"
#undef SF_FAULT
	    HOLDS(short_and_rate_keep_promises),
	    HOLDS(a_send_is_short_whatever_was_shown),
	    HOLDS(short_by_percent_is_of_what_was_asked_for),
	    HOLDS(short_is_never_none_and_never_longer),
	    HOLDS(a_range_is_drawn_from_whole_and_evenly),
	    HOLDS(a_pick_stays_in_its_range),
	    HOLDS(fail_obeys_the_table_of_facts),
	    HOLDS(fail_is_possible_where_any_socket_may_give_it),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
