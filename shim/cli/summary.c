/* SPDX-License-Identifier: MIT
 *
 * summary.c -- what a run came to, on standard error: half a screen at most, each line true. Numbers are those of the
 * arena; a rule that did not fire says why.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/run.h"
#include "cli/statement.h"
#include "cli/status.h"
#include "core/fault.h"
#include "core/operation.h"
#include "core/respite.h"

#define ROWS_MAX 10    /* of rules */
#define FINDINGS_MAX 5 /* findings that are told */

#define load(place) atomic_load_explicit(&(place), memory_order_relaxed)

struct paint {
	const char *strong, *good, *bad, *faint, *off;
};

static struct paint paint_for(FILE *stream)
{
	if (!sf_is_coloured(stream))
		return (struct paint){"", "", "", "", ""};
	return (struct paint){"\033[1m", "\033[32m", "\033[33m", "\033[2m", "\033[0m"};
}

/* ---- numbers ---- */

uint32_t sf_run_idle_rules(const struct sf_run *run)
{
	uint32_t idle = 0;

	for (uint32_t i = 0; i < run->set->count; i++)
		idle += load(sf_arena_counter(run->file.arena, i)->fired) == 0;
	return idle;
}

static bool is_escape(const struct sf_process *process)
{
	return process && atomic_load_explicit(&process->state, memory_order_acquire) == SF_PROCESS_AWAITED;
}

uint32_t sf_run_escapes(const struct sf_run *run)
{
	const struct sf_arena *arena = run->file.arena;
	uint32_t count = sf_arena_count(arena, SF_PROCESSES), escapes = 0;

	for (uint32_t i = 1; i <= count; i++)
		escapes += is_escape(sf_process_at(arena, i));
	return escapes;
}

static uint64_t sum_of(const _Atomic uint32_t *calls)
{
	uint64_t sum = 0;

	for (int i = 0; i < SF_OPERATION_RULED; i++)
		sum += atomic_load_explicit(&calls[i], memory_order_relaxed);
	return sum;
}

/* Each call is counted once: at its socket, or at its thread where it has none. */
uint64_t sf_run_calls(const struct sf_run *run)
{
	const struct sf_arena *arena = run->file.arena;
	uint32_t sockets = sf_arena_count(arena, SF_SOCKETS), threads = sf_arena_count(arena, SF_THREADS);
	uint64_t sum = 0;

	for (uint32_t i = 1; i <= sockets; i++) {
		const struct sf_socket *socket = sf_socket_at(arena, i);

		sum += socket ? sum_of(socket->calls) : 0;
	}
	for (uint32_t i = 1; i <= threads; i++) {
		const struct sf_thread *thread = sf_thread_at(arena, i);

		sum += thread ? sum_of(thread->calls) : 0;
	}
	return sum;
}

uint64_t sf_run_moved(const struct sf_run *run, bool sent)
{
	const struct sf_arena *arena = run->file.arena;
	uint32_t sockets = sf_arena_count(arena, SF_SOCKETS);
	uint64_t sum = 0;

	for (uint32_t i = 1; i <= sockets; i++) {
		const struct sf_socket *socket = sf_socket_at(arena, i);
		bool counts = socket && (socket->family == SF_INET || socket->family == SF_INET6);

		sum += !counts ? 0 : sent ? load(socket->sent) : load(socket->received);
	}
	return sum;
}

/* Such a rule injects nothing: its calls are left alone. */
static bool lets_pass(const struct sf_rule *rule)
{
	return rule->action_count == 1 && rule->actions[0].kind == SF_FAULT_pass;
}

uint64_t sf_run_faults(const struct sf_run *run)
{
	uint64_t faults = 0;

	for (uint32_t i = 0; i < run->set->count; i++)
		if (!lets_pass(&run->set->rules[i]))
			faults += load(sf_arena_counter(run->file.arena, i)->fired);
	return faults;
}

uint64_t sf_run_lost(const struct sf_run *run)
{
	uint64_t lost = load(run->file.arena->events_lost);

	for (int i = 0; i < SF_TABLE_COUNT; i++)
		lost += load(run->file.arena->tables[i].lost);
	return lost;
}

/* "1 call", "12,345 calls"; the text lasts for eight more. */
static const char *amount(uint64_t number, const char *one, const char *many)
{
	static char texts[8][64];
	static unsigned next;
	char *text = texts[next++ % 8], digits[32];
	int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number), used = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
	if (one)
		snprintf(text + used, sizeof texts[0] - (size_t)used, " %s", number == 1 ? one : many);
	return text;
}

/* ---- lines ---- */

static void put_head(FILE *out, const struct sf_run *run, const struct paint *p)
{
	const struct sf_arena *arena = run->file.arena;
	uint64_t faults = sf_run_faults(run);
	char how[64];

	if (run->timed_out)
		snprintf(how, sizeof how, "was ended by --timeout");
	else if (run->never_served && run->was_killed)
		snprintf(how, sizeof how, "did not listen, and was killed");
	else if (run->was_terminated)
		snprintf(how, sizeof how, "was ended after its client");
	else if (WIFSIGNALED(run->status))
		snprintf(
		    how, sizeof how, "was killed by signal %d (%s)", WTERMSIG(run->status), strsignal(WTERMSIG(run->status)));
	else
		snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(run->status));
	fprintf(
	    out, "%ssockfault: %s %s after %.2f s%s: ", p->strong, run->argv[0], how,
	    (double)(run->end_ns - run->start_ns) / 1e9, p->off);
	if (arena->trace_level == SF_TRACE_ALL)
		fprintf(
		    out, "%s, %s, ", amount(sf_run_calls(run), "call", "calls"),
		    amount(load(arena->conn_count), "connection", "connections"));
	if (load(arena->process_count) > 1)
		fprintf(out, "%s, ", amount(load(arena->process_count), "process", "processes"));
	fprintf(out, "%s%s%s\n", faults ? p->bad : p->good, amount(faults, "fault injected", "faults injected"), p->off);
}

static void put_rule(FILE *out, const struct sf_run *run, uint32_t index, const struct paint *p)
{
	const struct sf_counter *counter = sf_arena_counter(run->file.arena, index);
	const struct sf_rule *rule = &run->set->rules[index];
	uint64_t fired = load(counter->fired);
	char text[256];

	if (sf_rule_print(run->set, rule, text, sizeof text) >= sizeof text)
		memcpy(text + sizeof text - 4, "...", 4);
	fprintf(
	    out, "%s%9s%s %9s  %s", fired ? p->bad : p->faint, amount(fired, NULL, NULL), p->off,
	    amount(sf_arena_seen(run->file.arena, index), NULL, NULL), text);
	if (!fired)
		fprintf(out, "\n                     %s%s%s", p->bad, sf_why_idle(run->file.arena, rule, counter), p->off);
	else if (load(counter->not_applicable))
		fprintf(
		    out, "   %s(%s)%s", p->faint,
		    amount(load(counter->not_applicable), "call let alone: not applicable", "calls let alone: not applicable"),
		    p->off);
	fputc('\n', out);
}

/* Rules of one sort, as many as there is room for. */
static void put_some(FILE *out, const struct sf_run *run, const struct paint *p, bool has_fired, uint32_t *room)
{
	for (uint32_t i = 0; i < run->set->count && *room; i++)
		if ((load(sf_arena_counter(run->file.arena, i)->fired) > 0) == has_fired) {
			put_rule(out, run, i, p);
			--*room;
		}
}

/* Where there are many rules, those that never fired come first: they are what there is to mend. */
static void put_rules(FILE *out, const struct sf_run *run, const struct paint *p)
{
	uint32_t count = run->set->count, idle = sf_run_idle_rules(run), room = ROWS_MAX;

	if (!count)
		return;
	fprintf(out, "%s    fired       met  rule%s\n", p->faint, p->off);
	for (uint32_t i = 0; i < count && count <= ROWS_MAX; i++)
		put_rule(out, run, i, p);
	if (count > ROWS_MAX) {
		put_some(out, run, p, false, &room);
		put_some(out, run, p, true, &room);
		fprintf(out, "                     and %s\n", amount(count - ROWS_MAX, "more rule", "more rules"));
	}
	if (idle)
		fprintf(
		    out, "  %s%s of %s never fired%s\n", p->bad, amount(idle, NULL, NULL), amount(count, "rule", "rules"),
		    p->off);
}

static void put_escapes(FILE *out, const struct sf_run *run, const struct paint *p)
{
	const struct sf_arena *arena = run->file.arena;
	uint32_t count = sf_arena_count(arena, SF_PROCESSES), shown = 0, escapes = sf_run_escapes(run);

	for (uint32_t i = 1; i <= count && escapes && shown < 4; i++) {
		const struct sf_process *process = sf_process_at(arena, i);
		char path[sizeof process->exec_path + 1] = "";

		if (!is_escape(process))
			continue;
		shown++;
		memcpy(path, process->exec_path, sizeof process->exec_path);
		sf_make_plain(path, strlen(path));
		fprintf(
		    out, "  %sescaped%s: process %u (%s) ran without the library: see sockfault doctor %s\n", p->bad, p->off,
		    process->pid, path[0] ? path : "?", path);
	}
	if (escapes > shown)
		fprintf(out, "  %sescaped%s: %s\n", p->bad, p->off, amount(escapes - shown, "more process", "more processes"));
}

static void put_losses(FILE *out, const struct sf_run *run, const struct paint *p)
{
	const struct sf_arena *arena = run->file.arena;
	uint64_t lost = sf_run_lost(run);
	uint32_t rings = load(arena->io_uring);

	if (lost)
		fprintf(
		    out, "  %slost%s: %s found no room in the trace: %s\n", p->bad, p->off, amount(lost, "record", "records"),
		    run->growth.stopped == EFBIG || !run->growth.stopped ? "see --trace-size" : strerror(run->growth.stopped));
	if (rings)
		fprintf(
		    out, "  %sio_uring%s: set up %s; its calls are %s\n", p->bad, p->off, amount(rings, "time", "times"),
		    run->refused_io_uring ? "refused" : "not seen (see --io-uring)");
}

/* ---- findings ---- */

static void put_amounts(FILE *out, const struct sf_judged *judged, const struct paint *p)
{
	static const char *const many[SF_SEVERITY_COUNT] = {"advices", "warnings", "errors"};
	const char *glue = "";

	fprintf(out, "  %sfound:%s ", judged->of_severity[SF_ERROR] ? p->bad : p->strong, p->off);
	for (int severity = SF_SEVERITY_COUNT; severity-- > 0;) {
		if (!judged->of_severity[severity])
			continue;
		fprintf(out, "%s%s", glue, amount(judged->of_severity[severity], sf_severity_words[severity], many[severity]));
		glue = ", ";
	}
	fputc('\n', out);
}

/* The worst first, as the findings come. */
static void put_findings(FILE *out, const struct sf_run *run, const struct paint *p)
{
	const struct sf_judged *judged = &run->judged;
	struct sf_output *text = sf_output_new(-1);

	if (judged->count)
		put_amounts(out, judged, p);
	for (size_t i = 0; i < judged->count && i < FINDINGS_MAX; i++) {
		text->used = 0;
		sf_statement_line(text, &judged->list[i], *p->off);
		fprintf(out, "    %.*s", (int)text->used, text->buffer);
	}
	if (judged->count > FINDINGS_MAX)
		fprintf(out, "    and %s\n", amount(judged->count - FINDINGS_MAX, "more finding", "more findings"));
	if (judged->count)
		fprintf(
		    out, "    %s(sockfault findings%s%s)%s\n", p->faint, run->trace_path ? " " : "",
		    run->trace_path ? run->trace_path : "", p->off);
	free(text);
}

static void put_helper(FILE *out, const char *name, const struct sf_helper *helper)
{
	if (!helper->text)
		return;
	if (helper->was_asked_to_end)
		fprintf(out, "  %s: ended by sockfault: %s\n", name, helper->text);
	else if (helper->status >= 0)
		fprintf(out, "  %s: ended with status %d: %s\n", name, helper->status, helper->text);
	else
		fprintf(out, "  %s: never started: %s\n", name, helper->text);
}

void sf_run_summarize(const struct sf_run *run)
{
	struct paint p = paint_for(stderr);
	FILE *out = stderr;
	char *text = NULL;
	size_t size = 0;

	/* One write: what processes that are left say does not come in between. */
	out = open_memstream(&text, &size);
	if (!out)
		sf_die("out of memory");
	put_head(out, run, &p);
	put_rules(out, run, &p);
	put_helper(out, "peer", &run->peer);
	put_helper(out, "client", &run->client);
	put_helper(out, "next", &run->next);
	put_escapes(out, run, &p);
	put_losses(out, run, &p);
	put_findings(out, run, &p);
	fprintf(out, "  %srepeat:%s", p.faint, p.off);
	for (size_t i = 0; i < run->repeat_count; i++) {
		char *word = sf_quote(run->repeat[i]);

		fprintf(out, " %s", word);
		free(word);
	}
	fputc('\n', out);
	fclose(out);
	fwrite(text, 1, size, stderr);
	free(text);
}
