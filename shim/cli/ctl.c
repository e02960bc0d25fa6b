/* SPDX-License-Identifier: MIT
 *
 * ctl.c -- `sockfault ctl`: looks at a run that goes on, and changes its rules. All through the arena: the target is
 * never stopped or asked, and what is written there counts from its next call.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/arenafile.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/rules.h"
#include "cli/status.h"
#include "core/respite.h"

#define load(place) atomic_load_explicit(&(place), memory_order_acquire)

static void put_process(const struct sf_process *process)
{
	uint32_t state = process ? load(process->state) : SF_PROCESS_FREE;
	char program[sizeof process->program + 1] = "";

	if (state == SF_PROCESS_FREE || state > SF_PROCESS_SIGNALED)
		return;
	memcpy(program, process->program, sizeof process->program);
	sf_make_plain(program, strlen(program));
	printf("  process %-3u pid %-7u %-16s %s", process->number, process->pid, program, sf_process_word(process));
	if (state == SF_PROCESS_EXITED || state == SF_PROCESS_SIGNALED)
		printf(" %s %d", state == SF_PROCESS_EXITED ? "with status" : "by signal", process->exit_status);
	printf("\n");
}

static void put_endpoint(const char *label, const struct sf_endpoint *end)
{
	char text[160];
	size_t length = sf_endpoint_print(end, text, sizeof text);

	if (length)
		sf_make_plain(text, strlen(text)), printf(" %s %s", label, text);
}

static void put_socket(const struct sf_arena *arena, const struct sf_socket *socket)
{
	uint32_t conn = socket ? load(socket->conn) : 0;
	char key[SF_KEY_SIZE];

	if (!conn)
		return;
	printf(
	    "  conn %-6u key %-10s %s %s %s", conn, sf_socket_key(sf_thread_at(arena, socket->thread), socket, key),
	    sf_family_words[socket->family % SF_FAMILY_COUNT], sf_type_words[socket->type % SF_TYPE_COUNT],
	    sf_side_words[socket->side % SF_SIDE_COUNT]);
	put_endpoint("local", &socket->local);
	put_endpoint("peer", &socket->peer);
	printf(
	    " received %llu sent %llu\n", (unsigned long long)load(socket->received),
	    (unsigned long long)load(socket->sent));
}

static void put_rule(const struct sf_arena *arena, uint32_t index)
{
	const struct sf_ruleset *set = sf_arena_rules(arena);
	const struct sf_counter *counter = sf_arena_counter(arena, index);
	char text[512];

	sf_rule_print(set, &set->rules[index], text, sizeof text);
	sf_make_plain(text, strlen(text));
	printf(
	    "  rule %-4u met %-8llu fired %-8llu %s\n", index + 1, (unsigned long long)sf_arena_seen(arena, index),
	    (unsigned long long)load(counter->fired), text);
}

static int show_status(const struct sf_arena_file *file)
{
	const struct sf_arena *arena = file->arena;
	const struct sf_ruleset *set = sf_arena_rules(arena);
	uint32_t used = load(arena->pages_used), ready = load(arena->pages_ready);

	printf(
	    "%s: %s%s, %u processes, %u connections, %u KiB of trace (%u ready), %llu events lost\n", file->path,
	    sf_run_is_on(arena) ? "running" : "ended", load(arena->paused) ? ", paused" : "", load(arena->process_count),
	    load(arena->conn_count), used * 64, ready * 64, (unsigned long long)load(arena->events_lost));
	for (uint32_t i = 0; set && i < set->count; i++)
		put_rule(arena, i);
	for (uint32_t i = 1; i <= sf_arena_count(arena, SF_PROCESSES); i++)
		put_process(sf_process_at(arena, i));
	for (uint32_t i = 1; i <= sf_arena_count(arena, SF_SOCKETS); i++)
		put_socket(arena, sf_socket_at(arena, i));
	return SF_STATUS_GOOD;
}

static int set_paused(struct sf_arena *arena, uint32_t paused)
{
	atomic_store_explicit(&arena->paused, paused, memory_order_release);
	sf_arena_watch(arena);
	return SF_STATUS_GOOD;
}

/* A name of a file or of a scenario, or else the text of rules, which has a colon. */
static int load_rules(struct sf_arena *arena, const char *rules)
{
	struct sf_ruleset *set = sf_rules_new();
	char *path = sf_path_scenario(rules);
	bool is_text = !path && strchr(rules, ':');

	free(path);
	if (!(is_text ? sf_rules_add_text(set, "RULES", rules) : sf_rules_add_scenario(set, rules)))
		return SF_STATUS_TROUBLE;
	if (!set->seed_given && sf_arena_rules(arena)) {
		set->seed = sf_arena_rules(arena)->seed;
		set->seed_given = sf_arena_rules(arena)->seed_given;
	}
	sf_ruleset_finish(set);
	if (!sf_arena_load(arena, set))
		sf_die("there is no room for more rules in this run's trace");
	return SF_STATUS_GOOD;
}

/* Operands: [FILE] VERB [RULES]; a FILE is told from a verb by there being a verb after it. */
static bool is_verb(const char *word)
{
	static const char *const verbs[] = {"status", "pause", "resume", "load"};

	for (size_t i = 0; word && i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(word, verbs[i]) == 0)
			return true;
	return false;
}

static int
obey(const struct sf_words *words, struct sf_arena_file *file, const char *verb, const char *rules, bool is_json)
{
	if (is_json && strcmp(verb, "status") == 0)
		return sf_status_put_json(file), SF_STATUS_GOOD;
	if (is_json)
		sf_words_refuse(words, "--json goes with status, not with %s", verb);
	if (strcmp(verb, "status") == 0)
		return show_status(file);
	if (!sf_run_is_on(file->arena))
		sf_die("the run of %s has ended: there is nothing to change", file->path);
	if (strcmp(verb, "pause") == 0)
		return set_paused(file->arena, 1);
	if (strcmp(verb, "resume") == 0)
		return set_paused(file->arena, 0);
	if (!rules)
		sf_words_refuse(words, "load wants RULES: a rule, a file or the name of a scenario");
	return load_rules(file->arena, rules);
}

int sf_cmd_ctl(int argc, char **argv)
{
	struct sf_words words;
	struct sf_arena_file file;
	bool is_json = false;

	sf_words_begin(&words, argc, argv);
	for (enum sf_option option; (option = sf_words_next(&words));)
		is_json |= option == SF_OPTION_JSON;
	char **operands = words.operands;
	int has_file = words.operand_count > 1 && is_verb(operands[1]);
	int rest = words.operand_count - has_file;

	if (rest < 1 || !is_verb(operands[has_file]))
		sf_words_refuse(&words, "it wants one of status, pause, resume, load");
	if (rest > 1 + (strcmp(operands[has_file], "load") == 0))
		sf_words_refuse(&words, "'%s' is one word too many", operands[words.operand_count - 1]);
	sf_arena_file_open(&file, has_file ? operands[0] : sf_path_latest());
	return obey(&words, &file, operands[has_file], rest > 1 ? operands[has_file + 1] : NULL, is_json);
}
