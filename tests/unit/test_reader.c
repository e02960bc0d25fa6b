/* SPDX-License-Identifier: MIT
 *
 * test_reader.c -- what cli/reader.h promises of any trace: order, completeness, and that no file can hurt it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/line.h"
#include "cli/reader.h"
#include "cli/statement.h"
#include "cli/tally.h"
#include "cli/words.h"
#include "core/fault.h"
#include "made_trace.h"
#include "unit.h"

static struct sf_reader *read_made(const struct made_trace *trace)
{
	const char *why;
	struct sf_reader *reader = sf_reader_over(trace->arena, trace->size, &why);

	if (!reader)
		fail_msg("refused: %s", why);
	return reader;
}

/* ---- order and completeness ---- */

static void events_of_all_threads_come_in_the_order_of_their_stamps(void **state)
{
	struct made_trace trace = made_trace(60);
	uint32_t main = made_process(&trace, 71, "client"), other = made_thread(&trace, main, 72);
	struct sf_seen seen;
	uint64_t stamp = 0, count = 0;

	for (uint64_t i = 0; i < 3000; i++)
		made_event(&trace, i % 3 ? main : other, SF_FUNC_send, i * 10, 1);
	struct sf_reader *reader = read_made(&trace);

	while (sf_reader_next(reader, &seen)) {
		assert_true(seen.event.stamp >= stamp);
		assert_int_equal(seen.seq, ++count);
		assert_int_equal(seen.thread, seen.event.stamp / 10 % 3 ? main : other);
		stamp = seen.event.stamp;
	}
	assert_int_equal(count, 3000);
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

static void an_event_of_a_signal_handler_stands_where_its_stamp_puts_it(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, 71, "client");
	static const uint64_t stamps[] = {10, 20, 60, 50, 40, 30, 70};
	struct sf_seen seen;

	for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++)
		made_event(&trace, thread, SF_FUNC_recv, stamps[i], 1);
	struct sf_reader *reader = read_made(&trace);

	for (uint64_t want = 10; want <= 70; want += 10) {
		assert_true(sf_reader_next(reader, &seen));
		assert_int_equal(seen.event.stamp, want);
	}
	assert_false(sf_reader_next(reader, &seen));
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

static void a_slot_that_was_never_filled_hides_nothing_behind_it(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, 71, "client");
	struct sf_seen seen;

	made_event(&trace, thread, SF_FUNC_recv, 10, 1);
	atomic_store(&made_event(&trace, thread, SF_FUNC_recv, 20, 1)->state, SF_EVENT_UNUSED);
	made_event(&trace, thread, SF_FUNC_recv, 30, 1);
	struct sf_reader *reader = read_made(&trace);

	assert_true(sf_reader_next(reader, &seen));
	assert_true(sf_reader_next(reader, &seen));
	assert_int_equal(seen.event.stamp, 30);
	assert_false(sf_reader_next(reader, &seen));
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

static void rewinding_gives_the_same_events_with_the_same_numbers(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, 71, "client");
	struct sf_seen first, again;

	for (unsigned i = 1; i <= 600; i++)
		made_event(&trace, thread, SF_FUNC_recv, i, i);
	struct sf_reader *reader = read_made(&trace);

	for (unsigned i = 1; i <= 550; i++)
		assert_true(sf_reader_next(reader, &first));
	sf_reader_rewind(reader);
	for (unsigned i = 1; i <= 550; i++)
		assert_true(sf_reader_next(reader, &again));
	assert_memory_equal(&first.event, &again.event, sizeof first.event);
	assert_int_equal(first.seq, again.seq);
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

/* ---- a run that goes on ---- */

static void following_goes_on_where_it_stopped(void **state)
{
	struct made_trace trace = made_trace(60);
	uint32_t thread = made_process(&trace, 71, "client");
	struct sf_reader *reader = read_made(&trace);
	struct sf_seen seen;

	sf_reader_follow(reader);
	assert_false(sf_reader_next(reader, &seen));
	for (unsigned i = 1; i <= 1200; i++) {
		made_event(&trace, thread, SF_FUNC_recv, i, i);
		if (i == 700)
			thread = made_thread(&trace, thread, 72);
		sf_reader_refresh(reader);
		assert_true(sf_reader_next(reader, &seen));
		assert_int_equal(seen.event.stamp, i);
		assert_int_equal(seen.seq, i);
		assert_false(sf_reader_next(reader, &seen));
	}
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

static void following_waits_for_a_slot_that_is_being_filled(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, 71, "client");
	struct sf_event *claimed = made_event(&trace, thread, SF_FUNC_recv, 10, 1);
	struct sf_reader *reader = read_made(&trace);
	struct sf_seen seen;

	atomic_store(&claimed->state, SF_EVENT_UNUSED);
	made_event(&trace, thread, SF_FUNC_recv, 20, 1);
	sf_reader_follow(reader);
	assert_false(sf_reader_next(reader, &seen));
	atomic_store(&claimed->state, SF_EVENT_DONE);
	sf_reader_refresh(reader);
	assert_true(sf_reader_next(reader, &seen));
	assert_int_equal(seen.event.stamp, 10);
	assert_true(sf_reader_next(reader, &seen));
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

static void following_goes_by_slots_that_nobody_will_fill(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, 71, "client");
	struct sf_reader *reader = read_made(&trace);
	struct sf_seen seen;
	unsigned looks = 0;

	for (unsigned i = 0; i < 3; i++) /* a handler has jumped away */
		atomic_store(&made_event(&trace, thread, SF_FUNC_recv, 10 + i, 1)->state, SF_EVENT_UNUSED);
	made_event(&trace, thread, SF_FUNC_recv, 20, 1);
	sf_reader_follow(reader);
	while (!sf_reader_next(reader, &seen)) {
		assert_true(++looks < 25);
		sf_reader_refresh(reader);
	}
	assert_int_equal(seen.event.stamp, 20);
	assert_true(looks > 10);
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

static void a_pending_call_is_seen_to_return(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, (uint32_t)getpid(), "client");
	struct sf_event *event = made_event(&trace, thread, SF_FUNC_recv, 10, 0);
	struct sf_reader *reader = read_made(&trace);
	struct sf_seen seen;

	atomic_store(&event->state, SF_EVENT_PENDING);
	atomic_store(&sf_process_at(trace.arena, 1)->state, SF_PROCESS_LOADED);
	assert_true(sf_reader_next(reader, &seen));
	assert_int_equal(seen.fate, SF_FATE_PENDING);
	assert_false(sf_reader_again(reader, &seen));
	event->ret = 7;
	atomic_store(&event->state, SF_EVENT_DONE);
	assert_true(sf_reader_again(reader, &seen));
	assert_int_equal(seen.fate, SF_FATE_DONE);
	assert_int_equal(seen.event.ret, 7);
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

/* ---- what became of a call ---- */

static enum sf_fate fate_with(enum sf_process_state state, uint32_t pid, uint64_t start_time)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, pid, "client");
	struct sf_seen seen;

	atomic_store(&made_event(&trace, thread, SF_FUNC_recv, 10, 0)->state, SF_EVENT_PENDING);
	sf_process_at(trace.arena, 1)->start_time = start_time;
	atomic_store(&sf_process_at(trace.arena, 1)->state, state);
	struct sf_reader *reader = read_made(&trace);

	assert_true(sf_reader_next(reader, &seen));
	sf_reader_close(reader);
	made_trace_free(&trace);
	return seen.fate;
}

static void a_call_is_killed_when_a_signal_ended_its_process_or_it_vanished(void **state)
{
	uint32_t self = (uint32_t)getpid();

	assert_int_equal(fate_with(SF_PROCESS_SIGNALED, self, 0), SF_FATE_KILLED);
	assert_int_equal(fate_with(SF_PROCESS_LOADED, 0x3fffffff, 0), SF_FATE_KILLED);
	assert_int_equal(fate_with(SF_PROCESS_LOADED, self, 12345), SF_FATE_KILLED); /* somebody else has its pid now */
	assert_int_equal(fate_with(SF_PROCESS_LOADED, self, 0), SF_FATE_PENDING);
	assert_int_equal(fate_with(SF_PROCESS_EXITED, self, 0), SF_FATE_PENDING);
	(void)state;
}

static void a_run_is_over_when_it_has_ended_or_nobody_lives(void **state)
{
	struct made_trace trace = made_trace(40);
	struct sf_process *process;

	made_process(&trace, (uint32_t)getpid(), "client");
	process = sf_process_at(trace.arena, 1);
	struct sf_reader *reader = read_made(&trace);

	atomic_store(&trace.arena->ended, 0);
	atomic_store(&process->state, SF_PROCESS_LOADED);
	assert_false(sf_reader_is_over(reader));
	process->pid = 0x3fffffff;
	assert_true(sf_reader_is_over(reader));
	process->pid = (uint32_t)getpid();
	atomic_store(&trace.arena->ended, 1);
	assert_true(sf_reader_is_over(reader));
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

/* ---- extensions ---- */

static void parts_of_an_extension_are_put_together_over_the_end_of_a_page(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, 71, "client");
	char text[200], got[SF_EXTENSION_ROOM];
	struct sf_seen seen = {0};
	struct sf_event *event = NULL;

	memset(text, 'x', sizeof text);
	for (unsigned i = 1; i < SF_EVENTS_PER_PAGE - 1; i++)
		event = made_event(&trace, thread, SF_FUNC_recv, i, 1);
	made_extension(&trace, thread, event, SF_EXTENSION_TEXT, text, 112);
	made_event(&trace, thread, SF_FUNC_recv, 600, 1);
	made_extension(&trace, thread, event, SF_EXTENSION_TEXT, text, 88);
	struct sf_reader *reader = read_made(&trace);

	for (unsigned i = 1; i < SF_EVENTS_PER_PAGE - 1; i++)
		assert_true(sf_reader_next(reader, &seen));
	assert_int_equal(sf_reader_extension(reader, &seen, SF_EXTENSION_TEXT, got, sizeof got), 200);
	assert_memory_equal(got, text, 200);
	assert_int_equal(sf_reader_extension(reader, &seen, SF_EXTENSION_TEXT, got, 150), 150);
	assert_int_equal(sf_reader_extension(reader, &seen, SF_EXTENSION_REST, got, sizeof got), 0);
	assert_true(sf_reader_next(reader, &seen));
	assert_int_equal(sf_reader_extension(reader, &seen, SF_EXTENSION_TEXT, got, sizeof got), 0);
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

static void an_event_names_the_program_that_ran_then(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, 71, "second");
	static const char *const want[] = {"second", "first", "first", "second", "second"};
	struct sf_seen seen;

	made_event(&trace, thread, SF_FUNC_send, 10, 1); /* before any load event: the record is all there is */
	made_extension(&trace, thread, made_event(&trace, thread, SF_EVENT_LOAD, 20, 0), SF_EXTENSION_TEXT, "first", 5);
	made_event(&trace, thread, SF_FUNC_send, 30, 1);
	made_extension(&trace, thread, made_event(&trace, thread, SF_EVENT_LOAD, 40, 0), SF_EXTENSION_TEXT, "second", 6);
	made_event(&trace, thread, SF_FUNC_send, 50, 1);
	struct sf_reader *reader = read_made(&trace);

	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		assert_true(sf_reader_next(reader, &seen));
		assert_string_equal(seen.program, want[i]);
	}
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

/* ---- files that are not as they should be ---- */

static void a_file_that_is_no_trace_is_refused_in_words(void **state)
{
	struct made_trace trace = made_trace(40);
	const char *why = NULL;

	assert_null(sf_reader_open("/nonexistent/trace.sft", &why));
	assert_string_equal(why, "No such file or directory");
	assert_null(sf_reader_open("/dev/null", &why));
	assert_string_equal(why, "it is not a sockfault trace");
	assert_null(sf_reader_over(trace.arena, sizeof(struct sf_arena) - 1, &why));
	assert_string_equal(why, "it is not a sockfault trace");
	trace.arena->version++;
	assert_null(sf_reader_over(trace.arena, trace.size, &why));
	assert_string_equal(why, "it was written by another version of sockfault");
	made_trace_free(&trace);
	(void)state;
}

static void a_chain_that_bites_its_tail_ends(void **state)
{
	struct made_trace trace = made_trace(40);
	uint32_t thread = made_process(&trace, 71, "client"), page;
	struct sf_seen seen;
	unsigned count = 0;

	for (unsigned i = 0; i < SF_EVENTS_PER_PAGE - 1; i++)
		made_event(&trace, thread, SF_FUNC_recv, i, 1);
	page = sf_thread_at(trace.arena, thread)->first_page;
	atomic_store(&sf_event_page_at(trace.arena, page)->next, page);
	struct sf_reader *reader = read_made(&trace);

	while (sf_reader_next(reader, &seen))
		count++;
	assert_int_equal(count, SF_EVENTS_PER_PAGE - 1);
	sf_reader_close(reader);
	made_trace_free(&trace);
	(void)state;
}

/* As `sockfault findings` does, with the trace itself for a baseline. */
static void judge_through(struct sf_reader *reader, struct sf_output *out)
{
	struct sf_judged judged =
	    sf_judge(reader, &(struct sf_judge_asked){.baseline = reader, .differs = true, .compared = true});
	struct sf_repeat *repeats = sf_repeats(reader, &judged);

	for (size_t i = 0; i < judged.count; i++) {
		out->used = 0;
		sf_statement_json(out, reader, &judged.list[i], &repeats[i]);
		sf_statement_text(out, &judged.list[i], &repeats[i], true);
	}
	sf_repeats_free(repeats, judged.count);
	sf_judged_free(&judged);
}

/* Reads all there is, with everything that can be asked about it. */
static void read_through(const void *memory, uint64_t size)
{
	static struct sf_output out;
	const char *why;
	struct sf_reader *reader = sf_reader_over(memory, size, &why);
	struct sf_seen seen;

	if (!reader)
		return;
	out.fd = -1;
	while (sf_reader_next(reader, &seen)) {
		out.used = 0;
		sf_json_event(&out, reader, &seen);
		sf_line_event(&out, reader, &seen, (struct sf_line_style){true, true, true});
		if (sf_event_is_call(&seen.event))
			sf_line_unfinished(&out, reader, &seen, (struct sf_line_style){0});
	}
	sf_reader_rewind(reader);
	struct sf_tally *tally = sf_tally_begin(reader);

	while (sf_reader_next(reader, &seen))
		if (sf_event_is_call(&seen.event) && sf_tally_add(tally, &seen))
			sf_tally_place(tally, &seen, seen.event.rule);
	sf_tally_end(tally);
	judge_through(reader, &out);
	sf_reader_is_over(reader);
	sf_reader_rules(reader);
	sf_reader_close(reader);
}

static struct made_trace varied_trace(void)
{
	struct made_trace trace = made_trace(48);
	uint32_t thread = made_process(&trace, 71, "client"), other = made_thread(&trace, thread, 72);
	uint32_t socket = made_socket(&trace, thread, 8080);

	for (unsigned i = 0; i < 400; i++) {
		struct sf_event *event = made_event(&trace, i % 5 ? thread : other, i % SF_FUNC_COUNT, i, i % 7 ? 10 : -1);

		event->socket = socket;
		event->error = i % 7 ? 0 : 104;
		event->fault = (uint8_t)(i % (SF_FAULT_COUNT + 1));
		event->rule = i % 3;
		for (unsigned kind = 0; kind < SF_EXTENSION_COUNT && i % 11 == 0; kind++)
			made_extension(&trace, i % 5 ? thread : other, event, kind, &trace, sizeof trace);
	}
	return trace;
}

static void no_byte_of_a_file_can_hurt(void **state)
{
	struct made_trace trace = varied_trace();
	char *copy = aligned_alloc(64, trace.size);
	uint64_t random = 7;

	for (int round = 0; round < 400; round++) {
		memcpy(copy, trace.arena, trace.size);
		for (int i = 0; i < 200; i++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
			/* Headers, tables and the first slots of pages are where the harm would be done. */
			uint64_t at = (random >> 33) % (i % 2 ? trace.size : sizeof(struct sf_arena));
			copy[at > 16 ? at : 16] = (char)(random >> 24);
		}
		read_through(copy, trace.size);
	}
	free(copy);
	made_trace_free(&trace);
	(void)state;
}

static void a_file_may_be_cut_off_anywhere(void **state)
{
	struct made_trace trace = varied_trace();

	for (uint64_t size = 0; size < trace.size; size += 4097 - size % 8) {
		char *copy = malloc(size ? size : 1); /* of this very size: a sanitizer sees each byte beyond */

		memcpy(copy, trace.arena, size);
		read_through(copy, size);
		free(copy);
	}
	made_trace_free(&trace);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOLDS(events_of_all_threads_come_in_the_order_of_their_stamps),
	    HOLDS(an_event_of_a_signal_handler_stands_where_its_stamp_puts_it),
	    HOLDS(a_slot_that_was_never_filled_hides_nothing_behind_it),
	    HOLDS(rewinding_gives_the_same_events_with_the_same_numbers),
	    HOLDS(following_goes_on_where_it_stopped),
	    HOLDS(following_waits_for_a_slot_that_is_being_filled),
	    HOLDS(following_goes_by_slots_that_nobody_will_fill),
	    HOLDS(a_pending_call_is_seen_to_return),
	    HOLDS(a_call_is_killed_when_a_signal_ended_its_process_or_it_vanished),
	    HOLDS(a_run_is_over_when_it_has_ended_or_nobody_lives),
	    HOLDS(parts_of_an_extension_are_put_together_over_the_end_of_a_page),
	    HOLDS(an_event_names_the_program_that_ran_then),
	    HOLDS(a_file_that_is_no_trace_is_refused_in_words),
	    HOLDS(a_chain_that_bites_its_tail_ends),
	    HOLDS(no_byte_of_a_file_can_hurt),
	    HOLDS(a_file_may_be_cut_off_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
