/* SPDX-License-Identifier: MIT
 *
 * statement.c -- see statement.h.
 */
#include "cli/statement.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
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
	put_string(out, "function", NULL);
	put_string(out, "file", NULL);
	put_number(out, "line", false, 0);
	put_string(out, "says", statement->says);
	put_string(out, "hint", finding->hint);
	put_string(out, "source", finding->source);
	put_number(out, "times", true, statement->times);
	put_string(out, "rule", repeat->rule);
	put_string(out, "repeat", repeat->command);
	sf_put_text(out, "}\n");
}

/* ---- for people ---- */

void sf_statement_line(struct sf_output *out, const struct sf_statement *statement, bool coloured)
{
	static const char *const colours[SF_SEVERITY_COUNT] = {"\033[36m", "\033[33m", "\033[31m"};
	enum sf_severity severity = sf_findings[statement->finding]->severity;

	sf_put_text(out, coloured ? "\033[1m" : "");
	sf_put_text(out, *statement->place ? statement->place : statement->program);
	sf_put_text(out, ": ");
	sf_put_text(out, coloured ? colours[severity] : "");
	sf_put_text(out, sf_severity_words[severity]);
	sf_put_text(out, ": ");
	sf_put_text(out, coloured ? "\033[0m" : "");
	sf_put_text(out, statement->says);
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
	sf_put_text(out, "  ");
	sf_put_text(out, sf_findings[statement->finding]->hint);
	sf_put_text(out, "\n");
	if (!repeat->command)
		return;
	sf_put_text(out, coloured ? "  \033[2mrepeat:\033[0m " : "  repeat: ");
	sf_put_text(out, repeat->command);
	sf_put_text(out, "\n");
}
