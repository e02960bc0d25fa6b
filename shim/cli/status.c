/* SPDX-License-Identifier: MIT
 *
 * status.c -- the state of a run, read from the arena alone, as JSON and as the words that the summary shares with it.
 */
#include "cli/status.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "core/fault.h"
#include "core/names.h"
#include "core/respite.h"

#define load(place) atomic_load_explicit(&(place), memory_order_acquire)

const char *const sf_process_words[SF_PROCESS_SIGNALED + 1] = {"free", "awaited", "running", "exited", "killed"};

const char *sf_process_word(const struct sf_process *process)
{
	uint32_t state = load(process->state);

	return state == SF_PROCESS_LOADED && !sf_process_lives(process) ? "ended" : sf_process_words[state];
}

bool sf_run_is_on(const struct sf_arena *arena)
{
	return !load(arena->ended) && arena->command_pid && (kill((pid_t)arena->command_pid, 0) == 0 || errno == EPERM);
}

/* What such a fault needs, where it is not plain to see: NULL elsewhere. */
static const char *why_not_applicable(const struct sf_rule *rule, bool posix_counts)
{
	const struct sf_action *action = &rule->actions[rule->action_count - 1];

	if (action->kind == SF_FAULT_reset || action->kind == SF_FAULT_eof || action->kind == SF_FAULT_closed)
		return "never fired: not applicable, it needs a connection that neither its peer nor a fault has ended";
	if (action->kind == SF_FAULT_short && posix_counts)
		return "never fired: not applicable, it needs a stream, and bytes that the program did not know of";
	if (action->kind != SF_FAULT_fail)
		return NULL;
	if (action->argument.low == EAGAIN)
		return "never fired: not applicable, EAGAIN is for calls that do not block or have a timeout";
	if (action->argument.low == ECONNREFUSED && rule->operations & (SF_BIT(SF_SEND) | SF_BIT(SF_RECV)))
		return "never fired: not applicable, ECONNREFUSED needs a connected socket, and a datagram sent that it was "
		       "not "
		       "told of yet";
	if (action->argument.low == EINTR)
		return "never fired: not applicable, EINTR needs a call that waits and a signal handler that ends the wait";
	return NULL;
}

const char *sf_why_idle(const struct sf_arena *arena, const struct sf_rule *rule, const struct sf_counter *counter)
{
	const char *why = why_not_applicable(rule, arena->realism != SF_KERNEL);

	if (load(counter->not_applicable) && why)
		return why;
	if (load(counter->not_applicable) && arena->realism == SF_KERNEL)
		return "never fired: not applicable, Linux does not do this to such a call (--realism kernel)";
	if (load(counter->not_applicable))
		return "never fired: not applicable, neither Linux nor POSIX does this to such a call";
	if (load(counter->shadowed))
		return "never fired: an earlier rule had decided each call that it met";
	if (load(counter->without_effect))
		return "never fired: each call that it met moved no more than it allows anyway";
	if (sf_arena_seen(arena, (unsigned)(counter - sf_arena_counter(arena, 0))))
		return "never fired: its nth, times or chance chose none of the calls that it met";
	if (load(counter->conns))
		return "never reached: its connection made no such call";
	return "never reached: no call met its conditions";
}

/* ---- JSON ---- */

static struct sf_output *out; /* of the call from outside that is under way */

static void put_key(const char *key)
{
	sf_put_text(out, ",\"");
	sf_put_text(out, key);
	sf_put_text(out, "\":");
}

static void put_text(const char *key, const char *text, size_t length)
{
	put_key(key);
	if (length)
		sf_put_json(out, text, length);
	else
		sf_put_text(out, "null");
}

static void put_word(const char *key, const char *word)
{
	put_text(key, word, strlen(word));
}

static void put_number(const char *key, uint64_t number)
{
	put_key(key);
	sf_put_number(out, number);
}

static void put_first(const char *key, uint64_t number)
{
	sf_put_text(out, "{\"");
	sf_put_text(out, key);
	sf_put_text(out, "\":");
	sf_put_number(out, number);
}

static void put_end(void)
{
	sf_put_text(out, "}\n");
}

/* The words that repeat the run, as a shell wants them. A file may be cut off, or say anything. */
static void put_repeat(const struct sf_arena *arena)
{
	uint64_t ready = (uint64_t)load(arena->pages_ready) * SF_PAGE_SIZE, at = arena->command_at;
	ready = ready < sf_arena_reach ? ready : sf_arena_reach;
	bool is_there = at && at < ready && arena->command_length <= ready - at;
	const char *word = is_there ? sf_arena_at(arena, at) : NULL;
	const char *end = is_there ? word + arena->command_length : NULL;
	char *line = sf_print("%s", "");

	for (; word < end && memchr(word, '\0', (size_t)(end - word)); word += strlen(word) + 1) {
		char *quoted = sf_quote(word), *longer = sf_print("%s%s%s", line, *line ? " " : "", quoted);

		free(quoted);
		free(line);
		line = longer;
	}
	put_word("repeat", line);
	free(line);
}

static void put_run(const struct sf_arena_file *file)
{
	const struct sf_arena *arena = file->arena;
	const struct sf_ruleset *set = sf_arena_rules(arena);

	sf_put_text(out, "{\"run\":");
	sf_put_json(out, file->path, strlen(file->path));
	put_word("state", sf_run_is_on(arena) ? "running" : "ended");
	put_key("paused");
	sf_put_text(out, load(arena->paused) ? "true" : "false");
	put_number("start_ns", arena->start_ns); /* of CLOCK_MONOTONIC: zero of time_ns in events */
	put_number("seed", set ? set->seed : 0);
	put_word("realism", sf_realism_words[arena->realism == SF_KERNEL ? SF_KERNEL : SF_POSIX]);
	put_number("processes", load(arena->process_count));
	put_number("connections", load(arena->conn_count));
	put_number("events_lost", load(arena->events_lost));
	put_repeat(arena);
	put_end();
}

void sf_status_put_rule(struct sf_output *to, const struct sf_arena *arena, uint32_t index)
{
	const struct sf_ruleset *set = sf_arena_rules(arena);
	const struct sf_counter *counter = sf_arena_counter(arena, index);
	char text[1024];

	out = to;
	sf_rule_print(set, &set->rules[index], text, sizeof text);
	put_first("rule", index + 1);
	put_word("text", text);
	put_number("met", sf_arena_seen(arena, index));
	put_number("fired", load(counter->fired));
	put_number("not_applicable", load(counter->not_applicable));
	put_number("shadowed", load(counter->shadowed));
	put_word("why", load(counter->fired) ? "" : sf_why_idle(arena, &set->rules[index], counter));
	sf_put_text(out, "}");
}

static void put_process(const struct sf_process *process)
{
	uint32_t state = process ? load(process->state) : SF_PROCESS_FREE;

	if (state == SF_PROCESS_FREE || state > SF_PROCESS_SIGNALED)
		return;
	put_first("process", process->number);
	put_number("pid", process->pid);
	put_text("program", process->program, strnlen(process->program, sizeof process->program));
	put_word("state", sf_process_word(process));
	if (state == SF_PROCESS_EXITED || state == SF_PROCESS_SIGNALED)
		put_number(state == SF_PROCESS_EXITED ? "status" : "signal", (uint64_t)process->exit_status);
	if (state == SF_PROCESS_AWAITED)
		put_text("path", process->exec_path, strnlen(process->exec_path, sizeof process->exec_path));
	put_end();
}

static void put_endpoint(const char *key, const struct sf_endpoint *endpoint)
{
	char text[160] = "";

	sf_endpoint_print(endpoint, text, sizeof text);
	put_word(key, text);
}

static void put_socket(const struct sf_arena *arena, const struct sf_socket *socket)
{
	uint32_t conn = socket ? load(socket->conn) : 0;
	char key[SF_KEY_SIZE];

	if (!conn && !(socket && socket->side == SF_LISTENER))
		return;
	put_first("conn", conn);
	put_text("key", key, strlen(sf_socket_key(sf_thread_at(arena, socket->thread), socket, key)));
	put_word("family", sf_family_words[socket->family % SF_FAMILY_COUNT]);
	put_word("type", sf_type_words[socket->type % SF_TYPE_COUNT]);
	put_word("side", sf_side_words[socket->side % SF_SIDE_COUNT]);
	put_endpoint("local", &socket->local);
	put_endpoint("peer", &socket->peer);
	put_number("received", load(socket->received));
	put_number("sent", load(socket->sent));
	put_end();
}

void sf_status_put_json(const struct sf_arena_file *file)
{
	const struct sf_arena *arena = file->arena;
	const struct sf_ruleset *set = sf_arena_rules(arena);
	static struct sf_output standard = {.fd = STDOUT_FILENO};

	out = &standard;
	put_run(file);
	for (uint32_t i = 0; set && i < set->count; i++)
		sf_status_put_rule(out, arena, i), sf_put_text(out, "\n");
	for (uint32_t i = 1; i <= sf_arena_count(arena, SF_PROCESSES); i++)
		put_process(sf_process_at(arena, i));
	for (uint32_t i = 1; i <= sf_arena_count(arena, SF_SOCKETS); i++)
		put_socket(arena, sf_socket_at(arena, i));
	sf_output_flush(out);
}
