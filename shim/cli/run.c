/* SPDX-License-Identifier: MIT
 *
 * run.c -- `sockfault run`: from the words of the command line to a finished run. Reads the rules, makes the arena, and
 * leaves the living to watch.c. What the run came to is the exit status; what it was is the summary.
 */
#include "cli/run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/clock.h"
#include "cli/doctor.h"
#include "cli/intact.h"
#include "cli/launch.h"
#include "cli/options.h"
#include "cli/rules.h"
#include "cli/sites.h"

/* ---- what was asked for ---- */

static void remember(struct sf_run *run, const char *word)
{
	run->repeat[run->repeat_count++] = (char *)(uintptr_t)word;
}

/* What repeats the run: all but where this one's trace, summary and outputs went. The seed is added when all rules are
 * read. */
static void remember_option(struct sf_run *run, enum sf_option option, const char *value)
{
	static const uint64_t left_out = UINT64_C(1) << SF_OPTION_TRACE | UINT64_C(1) << SF_OPTION_QUIET |
	                                 UINT64_C(1) << SF_OPTION_SEED | UINT64_C(1) << SF_OPTION_OUTCOME |
	                                 UINT64_C(1) << SF_OPTION_BASELINE | UINT64_C(1) << SF_OPTION_CLIENT_OUTPUT |
	                                 UINT64_C(1) << SF_OPTION_NEXT_OUTPUT | UINT64_C(1) << SF_OPTION_EXPECT |
	                                 UINT64_C(1) << SF_OPTION_STDERR | UINT64_C(1) << SF_OPTION_TURN;

	if (left_out >> option & 1)
		return;
	remember(run, sf_option_spelled(option));
	if (value)
		remember(run, value);
}

static void add_rules(struct sf_run *run, enum sf_option option, const char *value)
{
	bool good =
	    option == SF_OPTION_RULE ? sf_rules_add_text(run->set, "-e", value) : sf_rules_add_scenario(run->set, value);

	if (!good)
		exit(SF_STATUS_TROUBLE);
}

static void read_reporting_option(struct sf_run *run, enum sf_option option, const char *value)
{
	switch (option) {
	case SF_OPTION_OUTCOME:
		run->outcome_path = value;
		break;
	case SF_OPTION_BASELINE:
		run->baseline_path = value;
		break;
	case SF_OPTION_EXPECT:
		run->expected_path = value;
		break;
	case SF_OPTION_STDERR:
		run->errors_path = value;
		break;
	case SF_OPTION_TURN:
		run->turn_path = value;
		break;
	case SF_OPTION_CLIENT_OUTPUT:
		run->client.output = value;
		break;
	case SF_OPTION_NEXT:
		run->next.text = value;
		break;
	case SF_OPTION_NEXT_OUTPUT:
		run->next.output = value;
		break;
	case SF_OPTION_CLIENT_TIMEOUT:
		run->client_timeout_ns = sf_value_duration_ns("--client-timeout", value);
		break;
	case SF_OPTION_SERVER_PROCESS:
		run->server_process = sf_value_number("--server-process", value);
		if (run->server_process == 0 || run->server_process > UINT32_MAX)
			sf_die("--server-process: processes of a run are counted from 1");
		break;
	case SF_OPTION_NEXT_TIMEOUT:
		run->next_timeout_ns = sf_value_duration_ns("--next-timeout", value);
		break;
	default:
		break;
	}
}

static void read_option(struct sf_run *run, const struct sf_words *words, enum sf_option option, const char **seed)
{
	const char *value = words->value;

	remember_option(run, option, value);
	switch (option) {
	case SF_OPTION_RULE:
	case SF_OPTION_SCENARIO:
		add_rules(run, option, value);
		break;
	case SF_OPTION_SEED:
		*seed = value;
		break;
	case SF_OPTION_TRACE:
		run->trace_path = value;
		break;
	case SF_OPTION_TRACE_LEVEL:
		run->trace_level = sf_words_choice(words, option);
		break;
	case SF_OPTION_TRACE_SIZE:
		run->trace_size = sf_value_size("--trace-size", value);
		break;
	case SF_OPTION_NO_DATA:
		run->keep_data = false;
		break;
	case SF_OPTION_REALISM:
		run->realism = sf_words_choice(words, option) == 0 ? SF_KERNEL : SF_POSIX;
		break;
	case SF_OPTION_STACKS:
		run->stacks = true;
		break;
	case SF_OPTION_IO_URING:
		run->io_uring = (enum sf_uring)sf_words_choice(words, option);
		break;
	case SF_OPTION_TIMEOUT:
		run->timeout_ns = sf_value_duration_ns("--timeout", value);
		break;
	case SF_OPTION_STRICT:
		run->strict = true;
		break;
	case SF_OPTION_QUIET:
		run->quiet = true;
		break;
	case SF_OPTION_SERVER:
		run->server = true;
		break;
	case SF_OPTION_CLIENT:
		run->client.text = value;
		break;
	case SF_OPTION_PEER:
		run->peer.text = value;
		break;
	default:
		read_reporting_option(run, option, value);
		break;
	}
}

static void check_roles(const struct sf_run *run, const struct sf_words *words)
{
	if (words->operand_count == 0)
		sf_words_refuse(words, "it wants a COMMAND to run");
	if (run->client.text && !run->server)
		sf_words_refuse(words, "--client drives a server under test: say --server too, or --peer for a client's peer");
	if (run->server && !run->client.text)
		sf_words_refuse(words, "--server wants --client CMD, which drives it");
	if (run->server_process && !run->server)
		sf_words_refuse(words, "--server-process says which process is the server: say --server and --client too");
	if (run->client_timeout_ns && !run->client.text)
		sf_words_refuse(words, "--client-timeout is for the --client of a server under test");
	if (run->expected_path && run->client.text && !run->client.output)
		sf_words_refuse(words, "--expect wants to know where the client's output goes: say --client-output FILE too");
	if (run->next.text && !run->server)
		sf_words_refuse(words, "--next drives a server under test once more: say --server and --client too");
}

static void finish_rules(struct sf_run *run, const char *seed)
{
	if (seed) {
		run->set->seed = sf_value_number("--seed", seed);
		run->set->seed_given = 2;
	}
	sf_ruleset_finish(run->set);
	remember(run, "--seed");
	remember(run, sf_print("%llu", (unsigned long long)run->set->seed));
}

static void read_words(struct sf_run *run, int argc, char **argv)
{
	struct sf_words words;
	const char *seed = NULL;

	run->repeat = sf_allocate(2 * ((size_t)argc + 8) * sizeof *run->repeat);
	remember(run, program_invocation_name);
	remember(run, "run");
	sf_words_begin(&words, argc, argv);
	for (enum sf_option option; (option = sf_words_next(&words));)
		read_option(run, &words, option, &seed);
	check_roles(run, &words);
	finish_rules(run, seed);
	remember(run, "--");
	for (int i = 0; i < words.operand_count; i++)
		remember(run, words.operands[i]);
	run->command = sf_allocate(((size_t)words.operand_count + 1) * sizeof *run->command);
	memcpy(run->command, words.operands, (size_t)words.operand_count * sizeof *run->command);
}

/* ---- the arena ---- */

/* Our share of the header, before the rules: sf_arena_load() sets the watches by it. */
static void fill_header(struct sf_run *run)
{
	struct sf_arena *arena = run->file.arena;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	arena->created_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	arena->stamps_are_ns = !sf_clock_is_steady();
	arena->command_pid = (uint32_t)getpid();
	arena->realism = (uint8_t)run->realism;
	arena->trace_level = (uint8_t)run->trace_level;
	arena->keep_data = run->keep_data;
	arena->stacks = run->stacks;
	sf_run_begin_clock(run);
}

void sf_run_begin_clock(struct sf_run *run)
{
	struct sf_arena *arena = run->file.arena;

	arena->clock_first = arena->clock_last = sf_clock_read(arena->stamps_are_ns);
	arena->start_ns = run->start_ns = arena->clock_first.ns;
	run->errors_from = sf_errors_end();
}

static uint64_t command_length(const struct sf_run *run)
{
	uint64_t length = 0;

	for (size_t i = 0; i < run->repeat_count; i++)
		length += strlen(run->repeat[i]) + 1;
	return length;
}

static void store_command(const struct sf_run *run)
{
	struct sf_arena *arena = run->file.arena;
	uint64_t length = command_length(run);
	uint64_t at = sf_arena_heap(arena, length);

	if (!at)
		return;
	char *to = sf_arena_at(arena, at);

	for (size_t i = 0; i < run->repeat_count; i++)
		to = stpcpy(to, run->repeat[i]) + 1;
	arena->command_length = (uint32_t)length;
	arena->command_at = at;
}

static void make_arena(struct sf_run *run)
{
	uint64_t room = sf_arena_room_for(run->set) + command_length(run);

	run->file.is_passing = sf_is_batched();
	sf_arena_file_create(&run->file, run->trace_path, run->trace_size, room);
	fill_header(run);
	if (!sf_arena_load(run->file.arena, run->set))
		sf_die("there is no room for the rules in the trace %s; try a larger --trace-size", run->file.path);
	store_command(run);
}

/* ---- before and after ---- */

static void refuse_hopeless(const struct sf_run *run)
{
	char why[512];

	if (sf_doctor_refuses(run->argv[0], why, sizeof why))
		sf_die("the library can't be loaded into %s: %s", run->argv[0], why);
}

/* auto: nothing that a target can see may change, so without the privilege io_uring is only reported. */
static void settle_io_uring(struct sf_run *run)
{
	run->refused_io_uring = run->io_uring == SF_URING_REFUSE;
	if (run->refused_io_uring && !run->quiet)
		sf_warn("--io-uring refuse sets no_new_privs: set-user-ID programs gain nothing in this run");
	if (run->io_uring != SF_URING_AUTO || run->is_plain || !sf_doctor_may_use_io_uring(run->argv[0]))
		return;
	run->refused_io_uring = sf_uring_is_privileged();
	if (!run->refused_io_uring && !run->quiet)
		sf_warn("%s may use io_uring, which no library can see; --io-uring refuse makes it fall back", run->argv[0]);
}

static void fill_places(struct sf_run *run)
{
	size_t count = 0;

	while (run->command[count])
		count++;
	run->argv = sf_allocate((count + 1) * sizeof *run->argv);
	for (size_t i = 0; i < count; i++)
		run->argv[i] = sf_run_fill(run, run->command[i]);
}

bool sf_run_is_passing(const struct sf_run *run)
{
	return sf_is_batched() && !run->trace_path;
}

int sf_run_status(const struct sf_run *run)
{
	if (run->timed_out)
		return SF_STATUS_TIMEOUT;
	if (run->never_served && run->was_killed)
		return SF_STATUS_TROUBLE;
	/* As a shell says it of what it has started, and so do others that a server may have around it. */
	bool is_told = WIFEXITED(run->status) && WEXITSTATUS(run->status) == 128 + SIGTERM && run->server_process > 1;
	bool is_ours = is_told || (WIFSIGNALED(run->status) && WTERMSIG(run->status) == SIGTERM);

	is_ours &= run->was_terminated;
	if (WIFSIGNALED(run->status) && !is_ours)
		return 128 + WTERMSIG(run->status);
	if (WIFEXITED(run->status) && WEXITSTATUS(run->status) != 0 && !is_ours)
		return WEXITSTATUS(run->status);
	if (run->never_served)
		return SF_STATUS_TROUBLE;
	bool is_faulty = sf_run_idle_rules(run) || sf_run_escapes(run) || run->judged.of_severity[SF_ERROR];

	return run->strict && is_faulty ? SF_STATUS_STRICT : SF_STATUS_GOOD;
}

int sf_cmd_run(int argc, char **argv)
{
	struct sf_run run = {
	    .trace_size = SF_ARENA_SIZE_DEFAULT,
	    .trace_level = SF_TRACE_ALL,
	    .realism = SF_POSIX,
	    .keep_data = true,
	    .peer_output = -1,
	    .peer.status = -1,
	    .client.status = -1,
	    .next.status = -1,
	    .next_timeout_ns = UINT64_C(5000000000),
	};

	sf_launch_prepare();
	run.set = sf_rules_new();
	read_words(&run, argc, argv);
	run.quiet |= sf_is_batched();
	fill_places(&run);
	run.is_plain = sf_doctor_knows_as_plain(run.argv[0]);
	if (!run.is_plain)
		refuse_hopeless(&run);
	sf_sites_resolve(run.set, run.argv[0]);
	settle_io_uring(&run);
	make_arena(&run);
	sf_intact_remember(&run.file);
	sf_run_watch(&run);
	if (!run.quiet || run.strict || run.outcome_path || sf_is_batched())
		sf_run_judge(&run);
	if (!run.quiet)
		sf_run_summarize(&run);
	if (run.outcome_path || sf_is_batched())
		sf_run_put_outcome(&run);
	if (sf_run_is_passing(&run))
		unlink(run.file.path);
	else
		sf_arena_file_finish(&run.file);
	return sf_run_status(&run);
}
