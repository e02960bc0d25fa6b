/* SPDX-License-Identifier: MIT
 *
 * statement.c -- see statement.h.
 */
#include "cli/statement.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/lines.h"
#include "cli/words.h"

/* ---- as JSON ---- */

static void put_string(struct sf_output *out, const char *name, const char *text)
{
	sf_put_text(out, ",\"");
	sf_put_text(out, name);
	sf_put_text(out, "\":");
	if (text && *text)
		sf_put_json(out, text, strlen(text));
	else
		sf_put_text(out, "null");
}

static void put_number(struct sf_output *out, const char *name, bool is_known, uint64_t number)
{
	sf_put_text(out, ",\"");
	sf_put_text(out, name);
	sf_put_text(out, "\":");
	if (is_known)
		sf_put_number(out, number);
	else
		sf_put_text(out, "null");
}

/* The events that it stands on, in their order, each once. */
static void put_evidence(struct sf_output *out, const struct sf_statement *statement)
{
	uint64_t seqs[3] = {statement->cause.seq, statement->at.seq, statement->evidence.seq}, last = 0;
	const char *glue = "";

	sf_put_text(out, ",\"evidence\":[");
	for (;;) {
		uint64_t next = UINT64_MAX;

		for (int i = 0; i < 3; i++)
			if (seqs[i] > last && seqs[i] < next)
				next = seqs[i];
		if (next == UINT64_MAX)
			break;
		sf_put_text(out, glue);
		sf_put_number(out, next);
		glue = ",";
		last = next;
	}
	sf_put_text(out, "]");
}

static uint32_t conn_of(const struct sf_reader *reader, const struct sf_moment *at)
{
	const struct sf_socket *socket = sf_reader_socket(reader, at->event.made ? at->event.made : at->event.socket);

	return socket ? atomic_load_explicit(&socket->conn, memory_order_relaxed) : 0;
}

void sf_statement_json(
    struct sf_output *out, const struct sf_reader *reader, const struct sf_statement *statement,
    const struct sf_repeat *repeat)
{
	const struct sf_finding *finding = sf_findings[statement->finding];
	const struct sf_event *event = &statement->at.event;
	const struct sf_process *process = sf_reader_process(reader, statement->at.process);
	uint32_t conn = conn_of(reader, &statement->at);
	char stack[16];
	bool is_injected = statement->cause.seq && sf_is_injected(&statement->cause);

	sf_put_text(out, "{\"finding\":\"");
	sf_put_text(out, sf_finding_words[statement->finding]);
	sf_put_text(out, "\"");
	put_string(out, "severity", sf_severity_words[finding->severity]);
	put_string(out, "program", statement->program);
	put_number(out, "pid", process != NULL, process ? process->pid : 0);
	put_number(out, "fd", event->fd >= 0, (uint64_t)event->fd);
	put_number(out, "conn", conn != 0, conn);
	put_number(out, "cause", statement->cause.seq, statement->cause.seq);
	put_evidence(out, statement);
	put_string(out, "realism", is_injected ? sf_realism_words[statement->cause.event.realism] : NULL);
	put_string(out, "site", statement->place);
	snprintf(stack, sizeof stack, "%08x", event->stack);
	put_string(out, "stack", event->stack ? stack : NULL);
	put_string(out, "function", statement->function);
	put_string(out, "file", statement->file);
	put_number(out, "line", statement->line != 0, statement->line);
	put_string(out, "says", statement->says);
	put_string(out, "hint", finding->hint);
	put_string(out, "source", finding->source);
	put_number(out, "times", true, statement->times);
	put_string(out, "rule", repeat->rule);
	put_string(out, "repeat", repeat->command);
	sf_put_text(out, "}\n");
}

/* ---- where ---- */

/* The stack of a statement's call; without one, the place of the call alone. */
static size_t frames_of(const struct sf_reader *reader, const struct sf_moment *at, uint32_t *frames, size_t room)
{
	const struct sf_seen seen = {.event = at->event, .thread = at->thread, .page = at->page, .slot = at->slot};
	size_t size = at->event.stack && at->page
	                  ? sf_reader_extension(reader, &seen, SF_EXTENSION_STACK, frames, room * sizeof *frames)
	                  : 0;

	if (!size && at->event.site) {
		frames[0] = at->event.site;
		return 1;
	}
	return size / sizeof *frames;
}

static char *copy(const char *text)
{
	return text ? sf_print("%s", text) : NULL;
}

/* Sources below the folder where we are go by their path from there: so known ones are the same on all machines. */
static const char *from_here(const char *file)
{
	char here[PATH_MAX];
	size_t length = file && getcwd(here, sizeof here) ? strlen(here) : 0;

	return length > 1 && strncmp(file, here, length) == 0 && file[length] == '/' ? file + length + 1 : file;
}

static void locate(struct sf_statement *statement, const struct sf_lines *lines, const uint32_t *frames, size_t count)
{
	const struct sf_event *event = &statement->at.event;
	const char *call = sf_event_is_call(event) ? sf_func_rows[event->what].name : "";
	const struct sf_line *line = NULL;

	if (count)
		sf_lines_own(lines, frames, count, call, &line);
	if (!line)
		return;
	statement->function = copy(line->function);
	statement->file = copy(from_here(line->file));
	statement->line = line->line;
}

void sf_statements_locate(struct sf_judged *judged, const struct sf_reader *reader)
{
	enum { FRAMES = 16 };
	struct sf_lines *lines = judged->count ? sf_lines_new(reader) : NULL;
	uint32_t frames[FRAMES];

	for (size_t i = 0; i < judged->count; i++)
		sf_lines_want_own(lines, frames, frames_of(reader, &judged->list[i].at, frames, FRAMES));
	if (lines)
		sf_lines_resolve(lines);
	for (size_t i = 0; i < judged->count; i++)
		locate(&judged->list[i], lines, frames, frames_of(reader, &judged->list[i].at, frames, FRAMES));
	sf_lines_free(lines);
}

/* ---- for people ---- */

/* From here, where it lies below. */
static const char *short_path(const char *path)
{
	static SF_LARGE char folder[4096];

	if (!folder[0] && !getcwd(folder, sizeof folder))
		folder[0] = '\0';
	size_t length = strlen(folder);

	return length && strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : path;
}

static void put_foreign(struct sf_output *out, const char *text)
{
	sf_put_plain(out, text, strlen(text));
}

static void put_place(struct sf_output *out, const struct sf_statement *statement)
{
	if (!statement->file || !statement->line) {
		put_foreign(out, *statement->place ? statement->place : statement->program);
		if (statement->function) {
			sf_put_text(out, " (");
			put_foreign(out, statement->function);
			sf_put_text(out, ")");
		}
		return;
	}
	put_foreign(out, short_path(statement->file));
	sf_put_text(out, ":");
	sf_put_number(out, statement->line);
}

/* The line itself, where the source is there to be read. */
static void put_source(struct sf_output *out, const struct sf_statement *statement)
{
	FILE *source = statement->file && statement->line ? fopen(statement->file, "re") : NULL;
	char *text = NULL, number[24];
	size_t room = 0;
	ssize_t length = 0;

	for (unsigned i = 0; source && i < statement->line && length >= 0; i++)
		length = getline(&text, &room, source);
	if (source && length > 0) {
		snprintf(number, sizeof number, "%6u | ", statement->line);
		sf_put_text(out, number);
		sf_put_plain(out, text, (size_t)length - (text[length - 1] == '\n'));
		sf_put_text(out, "\n");
	}
	free(text);
	if (source)
		fclose(source);
}

void sf_statement_line(struct sf_output *out, const struct sf_statement *statement, bool coloured)
{
	static const char *const colours[SF_SEVERITY_COUNT] = {"\033[36m", "\033[33m", "\033[31m"};
	enum sf_severity severity = sf_findings[statement->finding]->severity;

	sf_put_text(out, coloured ? "\033[1m" : "");
	put_place(out, statement);
	sf_put_text(out, ": ");
	sf_put_text(out, coloured ? colours[severity] : "");
	sf_put_text(out, sf_severity_words[severity]);
	sf_put_text(out, ": ");
	sf_put_text(out, coloured ? "\033[0m" : "");
	put_foreign(out, statement->says);
	sf_put_text(out, coloured ? " \033[2m[" : " [");
	sf_put_text(out, sf_finding_words[statement->finding]);
	sf_put_text(out, coloured ? "]\033[0m" : "]");
	if (statement->times > 1) {
		sf_put_text(out, " (");
		sf_put_number(out, statement->times);
		sf_put_text(out, " times)");
	}
	sf_put_text(out, "\n");
}

void sf_statement_text(
    struct sf_output *out, const struct sf_statement *statement, const struct sf_repeat *repeat, bool coloured)
{
	sf_statement_line(out, statement, coloured);
	put_source(out, statement);
	sf_put_text(out, "  ");
	sf_put_text(out, sf_findings[statement->finding]->hint);
	sf_put_text(out, "\n");
	if (!repeat->command)
		return;
	sf_put_text(out, coloured ? "  \033[2mrepeat:\033[0m " : "  repeat: ");
	put_foreign(out, repeat->command);
	sf_put_text(out, "\n");
}
