/* SPDX-License-Identifier: MIT
 *
 * repeat.c -- see repeat.h. A program with one thread and one connection counts by itself: `recv nth=3` is plain and
 * enough. Else the call is named as `sockfault replay` names it, by what does not depend on timing.
 */
#include "cli/repeat.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/tally.h"
#include "cli/words.h"
#include "core/append.h"

#define RULE_SIZE 512

struct run_facts {
	uint64_t injections, last_cause;
	uint32_t connections, threads;
	bool acts[SF_RULES_MAX + 1], acts_again[SF_RULES_MAX + 1]; /* by rule, as events number them */
};

static bool is_injected(const struct sf_statement *statement)
{
	return statement->cause.seq && sf_is_injected(&statement->cause) && statement->cause.event.rule;
}

static void count_injection(struct run_facts *facts, const struct sf_event *event)
{
	if (!sf_event_is_call(event) || !event->fault || !event->realism)
		return;
	facts->injections++;
	if (event->rule > SF_RULES_MAX)
		return;
	facts->acts_again[event->rule] = facts->acts[event->rule];
	facts->acts[event->rule] = true;
}

static struct run_facts facts_of(struct sf_reader *reader, const struct sf_judged *judged)
{
	struct run_facts facts = {.threads = sf_reader_count(reader, SF_THREADS)};
	struct sf_seen seen;

	facts.connections = atomic_load_explicit(&sf_reader_arena(reader)->conn_count, memory_order_relaxed);
	for (size_t i = 0; i < judged->count; i++)
		if (is_injected(&judged->list[i]) && judged->list[i].cause.seq > facts.last_cause)
			facts.last_cause = judged->list[i].cause.seq;
	if (!facts.last_cause)
		return facts;
	sf_reader_rewind(reader);
	while (sf_reader_next(reader, &seen))
		count_injection(&facts, &seen.event);
	return facts;
}

/* ---- the rule ---- */

/* The conditions under which this very call is the nth. */
static void append_aim(
    struct sf_append *out, const struct sf_reader *reader, const struct sf_seen *seen, const struct sf_place *place,
    uint32_t in_thread)
{
	const struct sf_socket *socket = sf_reader_socket(reader, seen->event.socket);
	const struct sf_process *process = sf_reader_process(reader, seen->process);
	char key[SF_KEY_SIZE];

	if (in_thread) {
		sf_append_format(out, " nth=%u", in_thread);
		return;
	}
	if (place->aim == SF_AIM_LISTENER)
		sf_append_text(out, " side=listener");
	else if (place->aim == SF_AIM_KEY && socket) {
		if (socket->domestic && socket->family < SF_FAMILY_COUNT)
			sf_append_format(out, " family=%s", sf_family_words[socket->family]);
		sf_append_format(out, " key=%s", sf_socket_key(sf_reader_thread(reader, socket->thread), socket, key));
	} else if (process) {
		sf_append_format(out, " process=%u nth=%u per=thread", process->number, place->nth);
		return;
	}
	sf_append_format(out, " nth=%u per=conn", place->nth);
}

static char *rule_of(
    struct sf_reader *reader, const struct sf_tally *tally, const struct sf_seen *seen, const struct run_facts *facts)
{
	const struct sf_func_row *row = &sf_func_rows[seen->event.what];
	struct sf_place place = sf_tally_place(tally, seen, seen->event.rule);
	const struct sf_socket *socket = sf_reader_socket(reader, seen->event.socket);
	bool is_plain = facts->connections <= 1 && facts->threads == 1 && !(socket && socket->domestic);
	uint32_t in_thread = is_plain ? sf_tally_in_thread(tally, seen->thread, seen->event.what, seen->event.rule) : 0;
	char text[RULE_SIZE], fault[160];
	struct sf_append out = sf_append_to(text, sizeof text);

	sf_append_text(&out, sf_operation_words[row->operation]);
	if (row->by_name_only)
		sf_append_format(&out, " func=%s", row->name);
	append_aim(&out, reader, seen, &place, in_thread);
	sf_event_fault(&seen->event, fault, sizeof fault);
	sf_append_format(&out, ": %s", fault);
	sf_append_end(&out);
	return sf_print("%s", text);
}

static void aim_all(
    struct sf_reader *reader, const struct sf_judged *judged, const struct run_facts *facts, struct sf_repeat *repeats)
{
	struct sf_tally *tally;
	struct sf_seen seen;

	sf_reader_rewind(reader);
	tally = sf_tally_begin(reader);
	while (sf_reader_next(reader, &seen) && seen.seq <= facts->last_cause) {
		if (!sf_event_is_call(&seen.event) || !sf_tally_add(tally, &seen))
			continue;
		for (size_t i = 0; seen.event.fault && i < judged->count; i++)
			if (judged->list[i].cause.seq == seen.seq && is_injected(&judged->list[i]) && !repeats[i].rule)
				repeats[i].rule = rule_of(reader, tally, &seen, facts);
	}
	sf_tally_end(tally);
}

/* ---- the command ---- */

static void append_word(char **line, const char *word)
{
	char *quoted = sf_quote(word), *longer = sf_print("%s%s%s", *line ? *line : "", *line ? " " : "", quoted);

	free(quoted);
	free(*line);
	*line = longer;
}

/* Is the mistake one of the whole run, and did its rule act more than once? Then no call of it is to be picked. */
static bool is_of_all(const struct sf_statement *statement, const struct run_facts *facts)
{
	unsigned rule = statement->cause.event.rule;

	return is_injected(statement) && sf_findings[statement->finding]->is_of_whole_run && rule <= SF_RULES_MAX &&
	       facts->acts_again[rule];
}

/* The i-th byte of the command as the run has kept it begins a word: newly allocated. NULL: there is none. */
static char *word_at(const struct sf_reader *reader, uint64_t i)
{
	const struct sf_arena *arena = sf_reader_arena(reader);
	uint64_t at = arena->command_at, length = arena->command_length;

	if (!at || i >= length || !sf_reader_holds(reader, at, length))
		return NULL;
	const char *text = (const char *)arena + at + i;

	return sf_print("%.*s", (int)strnlen(text, length - i), text);
}

/* The one rule that the run was given: newly allocated. NULL: it had several, or a file has it. */
static char *rule_as_given(const struct sf_reader *reader)
{
	const struct sf_ruleset *rules = sf_reader_rules(reader);
	char *word = rules && rules->count == 1 ? word_at(reader, 0) : NULL;

	for (uint64_t i = 0; word; word = word_at(reader, i)) {
		bool follows = strcmp(word, "-e") == 0, is_last = strcmp(word, "--") == 0;

		i += strlen(word) + 1;
		free(word);
		if (follows || is_last)
			return follows ? word_at(reader, i) : NULL;
	}
	return NULL;
}

/* The words as the run has kept them; its rules only where none is given. */
static char *command_with(const struct sf_reader *reader, const char *rule)
{
	bool in_options = true, skips = false;
	char *line = NULL, *word;

	for (uint64_t i = 0, words = 0; (word = word_at(reader, i)); words++) {
		bool is_rule = in_options && rule && (strcmp(word, "-e") == 0 || strcmp(word, "-s") == 0);

		i += strlen(word) + 1;
		in_options &= strcmp(word, "--") != 0;
		if (!is_rule && !skips)
			append_word(&line, word);
		if (words == 1 && rule) {
			append_word(&line, "-e");
			append_word(&line, rule);
		}
		skips = is_rule;
		free(word);
	}
	return line;
}

struct sf_repeat *sf_repeats(struct sf_reader *reader, const struct sf_judged *judged)
{
	struct sf_repeat *repeats = sf_allocate((judged->count + 1) * sizeof *repeats);
	struct run_facts facts = facts_of(reader, judged);

	if (facts.last_cause)
		aim_all(reader, judged, &facts, repeats);
	const struct sf_ruleset *rules = sf_reader_rules(reader);
	bool is_alone = facts.injections == 1 && rules && rules->count == 1;

	for (size_t i = 0; i < judged->count; i++) {
		bool is_all = is_of_all(&judged->list[i], &facts);

		if (is_all) {
			free(repeats[i].rule);
			repeats[i].rule = rule_as_given(reader);
		}
		repeats[i].command = command_with(reader, is_alone || is_all ? NULL : repeats[i].rule);
	}
	return repeats;
}

void sf_repeats_free(struct sf_repeat *repeats, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(repeats[i].rule);
		free(repeats[i].command);
	}
	free(repeats);
}
