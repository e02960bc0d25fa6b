/* SPDX-License-Identifier: MIT
 *
 * trace.c -- `sockfault trace`: the events of a run as lines for people (line.h) or for programs (json.h), of a run
 * that is over or, with --follow, of one that goes on. Whoever reads the output may leave at any time.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/line.h"
#include "cli/lines.h"
#include "cli/options.h"
#include "cli/words.h"

/* How often a living run is looked at. */
#define LOOK_MS 50

struct trace {
	struct sf_reader *reader;
	struct sf_output *out;
	bool json, follow, lines;
	struct sf_line_style style;
	uint32_t threads_seen; /* for the columns */
	struct sf_seen *open;  /* entered and not returned, in the order in which they were met */
	size_t open_count, open_room;
};

static void print(struct trace *trace, const struct sf_seen *seen)
{
	if (trace->json)
		sf_json_event(trace->out, trace->reader, seen);
	else
		sf_line_event(trace->out, trace->reader, seen, trace->style);
}

static void keep_open(struct trace *trace, const struct sf_seen *seen)
{
	if (trace->open_count == trace->open_room) {
		size_t room = trace->open_room ? trace->open_room * 2 : 16;
		struct sf_seen *larger = realloc(trace->open, room * sizeof *larger);

		if (!larger)
			sf_die("out of memory");
		trace->open = larger;
		trace->open_room = room;
	}
	trace->open[trace->open_count++] = *seen;
}

/* Columns that a single process or thread does not need. An exec gives its thread a new record, not another number. */
static void choose_columns(struct trace *trace)
{
	uint32_t threads = sf_reader_count(trace->reader, SF_THREADS);

	trace->style.pids = sf_reader_count(trace->reader, SF_PROCESSES) > 1;
	for (; !trace->style.tids && trace->threads_seen < threads; trace->threads_seen++) {
		const struct sf_thread *thread = sf_reader_thread(trace->reader, trace->threads_seen + 1);
		const struct sf_process *process = thread ? sf_reader_process(trace->reader, thread->process) : NULL;

		trace->style.tids = process && thread->tid && process->pid && thread->tid != process->pid;
	}
}

/* A thread that calls from the same place again has left its call there, and not by returning: by siglongjmp(3). */
static void forget_left(struct trace *trace, const struct sf_seen *seen)
{
	size_t kept = 0;

	for (size_t i = 0; i < trace->open_count; i++) {
		const struct sf_seen *open = &trace->open[i];

		if (open->thread != seen->thread || !seen->event.site || open->event.site != seen->event.site)
			trace->open[kept++] = *open;
		else if (trace->follow)
			print(trace, open);
	}
	trace->open_count = kept;
}

/* All that is there now. Of a run that is followed, open calls are kept back until they return. */
static void drain(struct trace *trace)
{
	struct sf_seen seen;

	choose_columns(trace);
	while (!trace->out->closed && sf_reader_next(trace->reader, &seen)) {
		forget_left(trace, &seen);
		if (seen.fate != SF_FATE_DONE)
			keep_open(trace, &seen);
		if (seen.fate == SF_FATE_DONE || !trace->follow)
			print(trace, &seen);
	}
}

/* Prints the open calls that have returned meanwhile, and forgets them. */
static void look_again(struct trace *trace)
{
	size_t kept = 0;

	for (size_t i = 0; i < trace->open_count; i++) {
		struct sf_seen seen = trace->open[i];

		if (sf_reader_again(trace->reader, &seen) && seen.fate == SF_FATE_DONE)
			print(trace, &seen);
		else
			trace->open[kept++] = seen;
	}
	trace->open_count = kept;
}

/* Waits for the next look, or for the reader of our output to leave. */
static void pause_or_leave(struct trace *trace)
{
	struct pollfd reader = {.fd = trace->out->fd};

	if (poll(&reader, 1, LOOK_MS) > 0 && (reader.revents & (POLLERR | POLLNVAL)))
		trace->out->closed = true;
}

static void follow(struct trace *trace)
{
	bool over = false;

	sf_reader_follow(trace->reader);
	while (!trace->out->closed) {
		over = sf_reader_is_over(trace->reader);
		sf_reader_refresh(trace->reader);
		look_again(trace);
		drain(trace);
		sf_output_flush(trace->out);
		if (over)
			break;
		pause_or_leave(trace);
	}
	for (size_t i = 0; i < trace->open_count; i++)
		print(trace, &trace->open[i]);
}

/* Where the program was when it ended, was killed, or was looked at. */
static void print_end(struct trace *trace)
{
	uint32_t processes = sf_reader_count(trace->reader, SF_PROCESSES);

	for (uint32_t i = 1; i <= processes; i++) {
		const struct sf_process *process = sf_reader_process(trace->reader, i);

		if (process && atomic_load_explicit(&process->state, memory_order_acquire) == SF_PROCESS_SIGNALED)
			sf_line_killed(trace->out, trace->reader, process, trace->style);
	}
	for (size_t i = 0; i < trace->open_count; i++)
		if (sf_event_is_call(&trace->open[i].event))
			sf_line_unfinished(trace->out, trace->reader, &trace->open[i], trace->style);
}

static void warn_of_losses(const struct sf_reader *reader)
{
	uint64_t lost = atomic_load_explicit(&sf_reader_arena(reader)->events_lost, memory_order_relaxed);

	if (lost)
		sf_warn(
		    "%llu events did not fit into the trace and are missing; `sockfault run --trace-size` makes it larger",
		    (unsigned long long)lost);
	if (sf_reader_arena(reader)->trace_level == SF_TRACE_FAULTS)
		sf_warn("this trace has only the calls that were faulted (--trace-level faults)");
}

static struct trace begin(int argc, char **argv)
{
	struct trace trace = {0};
	struct sf_words words;
	const char *why;

	sf_words_begin(&words, argc, argv);
	for (enum sf_option option; (option = sf_words_next(&words));) {
		trace.json |= option == SF_OPTION_JSON;
		trace.follow |= option == SF_OPTION_FOLLOW;
		trace.lines |= option == SF_OPTION_LINES;
	}
	if (words.operand_count > 1)
		sf_words_refuse(&words, "one FILE at most");
	const char *path = words.operand_count ? words.operands[0] : sf_path_latest();

	trace.reader = sf_reader_open(path, &why);
	if (!trace.reader)
		sf_die("can't read the trace %s: %s", path, why);
	trace.out = sf_allocate(sizeof *trace.out);
	trace.out->fd = STDOUT_FILENO;
	trace.style.coloured = !trace.json && sf_is_coloured(stdout);
	return trace;
}

static void print_lines(struct trace *trace)
{
	struct sf_lines *lines = sf_lines_new(trace->reader);

	sf_lines_want_all(lines);
	sf_lines_resolve(lines);
	sf_lines_print(trace->out, trace->reader, lines);
	sf_lines_free(lines);
}

int sf_cmd_trace(int argc, char **argv)
{
	struct trace trace = begin(argc, argv);

	signal(SIGPIPE, SIG_IGN);
	if (trace.lines)
		print_lines(&trace);
	else if (trace.follow)
		follow(&trace);
	else
		drain(&trace);
	if (!trace.json && !trace.lines)
		print_end(&trace);
	sf_output_flush(trace.out);
	warn_of_losses(trace.reader);
	sf_reader_close(trace.reader);
	free(trace.open);
	free(trace.out);
	return SF_STATUS_GOOD;
}
