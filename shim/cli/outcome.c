/* SPDX-License-Identifier: MIT
 *
 * outcome.c -- what came of a run, for programs: one JSON object, with all that a harness would otherwise ask four
 * commands for. Its form is in sockfault(1).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/engine.h"
#include "cli/json.h"
#include "cli/run.h"
#include "cli/statement.h"
#include "cli/status.h"

#define EVENTS_MAX 8 /* of a kind that are told, and the last */

#define load(place) atomic_load_explicit(&(place), memory_order_relaxed)

/* Keys with what stands before and behind them. */
#define FIRST(key) "{\"" key "\":"
#define NEXT(key) ",\"" key "\":"

static void put_number(struct sf_output *out, const char *key, uint64_t number)
{
	sf_put_text(out, key);
	sf_put_number(out, number);
}

static void put_truth(struct sf_output *out, const char *key, bool is_so)
{
	sf_put_text(out, key);
	sf_put_text(out, is_so ? "true" : "false");
}

static void put_number_or_null(struct sf_output *out, const char *key, bool is_known, int number)
{
	sf_put_text(out, key);
	if (is_known)
		sf_put_signed(out, number);
	else
		sf_put_text(out, "null");
}

static void put_text_or_null(struct sf_output *out, const char *key, const char *text)
{
	sf_put_text(out, key);
	if (text)
		sf_put_json(out, text, strlen(text));
	else
		sf_put_text(out, "null");
}

static void put_target(struct sf_output *out, const struct sf_run *run)
{
	bool exited = run->has_ended && WIFEXITED(run->status);
	bool signaled = run->has_ended && WIFSIGNALED(run->status);

	sf_put_text(out, NEXT("target"));
	put_number_or_null(out, FIRST("status"), exited, WEXITSTATUS(run->status));
	put_number_or_null(out, NEXT("signal"), signaled, WTERMSIG(run->status));
	sf_put_text(out, "}");
	put_truth(out, NEXT("timed_out"), run->timed_out);
	put_truth(out, NEXT("terminated"), run->was_terminated);
	put_truth(out, NEXT("killed"), run->was_killed);
	put_truth(out, NEXT("never_served"), run->never_served);
}

static void put_costs(struct sf_output *out, const struct sf_run *run)
{
	put_number(out, NEXT("wall_ns"), run->end_ns - run->start_ns);
	put_number(out, NEXT("user_ns"), run->user_ns);
	put_number(out, NEXT("system_ns"), run->system_ns);
	put_number(out, NEXT("max_rss"), run->resident_most);
}

static void put_numbers(struct sf_output *out, const struct sf_run *run)
{
	const struct sf_arena *arena = run->file.arena;

	put_number(out, NEXT("port"), run->port);
	put_number(out, NEXT("seed"), run->set->seed);
	put_text_or_null(out, NEXT("trace"), sf_run_is_passing(run) ? NULL : run->file.path);
	put_number(out, NEXT("calls"), sf_run_calls(run));
	put_number(out, NEXT("faults"), sf_run_faults(run));
	put_number(out, NEXT("connections"), load(arena->conn_count));
	put_number(out, NEXT("processes"), load(arena->process_count));
	put_number(out, NEXT("escapes"), sf_run_escapes(run));
	put_number(out, NEXT("lost"), sf_run_lost(run));
	put_number(out, NEXT("loads"), load(arena->generation)); /* of rules */
	put_number(out, NEXT("sent"), sf_run_moved(run, true));
	put_number(out, NEXT("received"), sf_run_moved(run, false));
}

static void put_rules(struct sf_output *out, const struct sf_run *run)
{
	sf_put_text(out, NEXT("rules"));
	sf_put_text(out, "[");
	for (uint32_t i = 0; i < run->set->count; i++) {
		if (i)
			sf_put_text(out, ",");
		sf_status_put_rule(out, run->file.arena, i);
	}
	sf_put_text(out, "]");
}

/* A line that was put together, as one element of a list. */
static void put_element(struct sf_output *out, struct sf_output *line, bool is_first)
{
	if (!is_first)
		sf_put_text(out, ",");
	sf_put(out, line->buffer, line->used && line->buffer[line->used - 1] == '\n' ? line->used - 1 : line->used);
	line->used = 0;
}

static void put_difference(struct sf_output *out, const struct sf_run *run)
{
	if (run->is_compared)
		put_truth(out, NEXT("differs"), run->differs != SF_DIFFERS_NOTHING);
	else
		put_text_or_null(out, NEXT("differs"), NULL);
}

static void put_findings(struct sf_output *out, const struct sf_run *run)
{
	const struct sf_judged *judged = &run->judged;
	struct sf_repeat *repeats = judged->count ? sf_repeats(run->reader, judged) : NULL;
	struct sf_output *line = sf_output_new(-1);

	sf_put_text(out, NEXT("findings"));
	sf_put_text(out, "[");
	for (size_t i = 0; i < judged->count; i++) {
		sf_statement_json(line, run->reader, &judged->list[i], &repeats[i]);
		put_element(out, line, i == 0);
	}
	sf_put_text(out, "]");
	free(line);
	if (repeats)
		sf_repeats_free(repeats, judged->count);
}

/* Events of one kind: the first ones and, of injections, the last. */
struct events {
	struct sf_output *list;
	struct sf_seen last; /* seq 0: all are in the list */
	size_t count;
};

static void
note_event(struct events *events, struct sf_output *line, const struct sf_run *run, const struct sf_seen *seen)
{
	events->last = (struct sf_seen){.seq = 0};
	if (events->count++ >= EVENTS_MAX) {
		events->last = *seen;
		return;
	}
	sf_json_event(line, run->reader, seen);
	put_element(events->list, line, events->count == 1);
}

static void put_list(struct sf_output *out, const char *key, struct events *events)
{
	sf_put_text(out, key);
	sf_put_text(out, "[");
	sf_put(out, events->list->buffer, events->list->used);
	sf_put_text(out, "]");
	free(events->list);
}

/* Where calls were made. Each process has sites of its own: the same place may be there more than once. */
static void put_sites(struct sf_output *out, const struct sf_run *run, const bool *is_called, uint32_t count)
{
	char text[300];
	bool is_first = true;

	sf_put_text(out, NEXT("sites"));
	sf_put_text(out, "[");
	for (uint32_t i = 1; i <= count; i++) {
		if (!is_called[i])
			continue;
		sf_put_text(out, is_first ? "" : ",");
		sf_reader_place(run->reader, i, text, sizeof text);
		sf_put_json(out, text, strlen(text));
		is_first = false;
	}
	sf_put_text(out, "]");
}

/* Calls into which a rule injected something, calls that never returned, and where all were made. */
static void put_events(struct sf_output *out, const struct sf_run *run)
{
	struct events injected = {.list = sf_output_new(-1)}, pending = {.list = sf_output_new(-1)};
	uint32_t site_count = run->reader ? sf_reader_count(run->reader, SF_SITES) : 0;
	bool *is_called = sf_allocate(site_count + 1);
	struct sf_output *line = sf_output_new(-1);
	struct sf_seen seen;

	if (run->reader)
		sf_reader_rewind(run->reader);
	while (run->reader && sf_reader_next(run->reader, &seen)) {
		if (seen.event.fault || seen.event.shaped_rule)
			note_event(&injected, line, run, &seen);
		if (seen.fate != SF_FATE_DONE && seen.event.what < SF_EVENT_FIRST)
			note_event(&pending, line, run, &seen);
		if (seen.event.site <= site_count)
			is_called[seen.event.site] = true;
	}
	if (injected.last.seq) {
		sf_json_event(line, run->reader, &injected.last);
		put_element(injected.list, line, false);
	}
	put_list(out, NEXT("injected"), &injected);
	put_list(out, NEXT("pending"), &pending);
	put_sites(out, run, is_called, site_count);
	free(is_called);
	free(line);
}

static void put_helper(struct sf_output *out, const char *key, const struct sf_helper *helper)
{
	sf_put_text(out, key);
	if (!helper->text) {
		sf_put_text(out, "null");
		return;
	}
	put_number_or_null(out, FIRST("status"), helper->status >= 0, helper->status);
	put_truth(out, NEXT("ended_by_us"), helper->was_asked_to_end);
	put_truth(out, NEXT("timed_out"), helper->timed_out);
	put_text_or_null(out, NEXT("output"), helper->output);
	sf_put_text(out, "}");
}

static int open_outcome(const struct sf_run *run)
{
	int fd =
	    run->outcome_path ? open(run->outcome_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : sf_batch_outcome;

	if (fd < 0)
		sf_die("can't write %s: %s", run->outcome_path, strerror(errno));
	return fd;
}

void sf_run_put_outcome(const struct sf_run *run)
{
	struct sf_output *out = sf_output_new(open_outcome(run));

	put_number_or_null(out, FIRST("status"), true, sf_run_status(run));
	put_target(out, run);
	put_costs(out, run);
	put_numbers(out, run);
	put_rules(out, run);
	put_difference(out, run);
	put_findings(out, run);
	put_events(out, run);
	put_helper(out, NEXT("peer"), &run->peer);
	put_helper(out, NEXT("client"), &run->client);
	put_helper(out, NEXT("next"), &run->next);
	sf_put_text(out, "}");
	if (run->outcome_path)
		sf_put_text(out, "\n");
	sf_output_flush(out);
	free(out);
}
