/* SPDX-License-Identifier: MIT
 *
 * findings.c -- `sockfault findings`: what the program did wrong, from the trace of a run, for people or, with --json,
 * one object a line. Status 1 where there is an error among it.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/engine.h"
#include "cli/options.h"
#include "cli/statement.h"

struct findings {
	const char *path, *baseline, *errors;
	bool json, compared;
	enum sf_differs differs;
};

static struct findings read_words(int argc, char **argv)
{
	struct findings asked = {0};
	struct sf_words words;

	sf_words_begin(&words, argc, argv);
	for (enum sf_option option; (option = sf_words_next(&words));) {
		asked.json |= option == SF_OPTION_JSON;
		if (option == SF_OPTION_BASELINE)
			asked.baseline = words.value;
		if (option == SF_OPTION_STDERR)
			asked.errors = words.value;
		if (option == SF_OPTION_DIFFERS) {
			asked.compared = true;
			asked.differs = (enum sf_differs)sf_words_choice(&words, option);
		}
	}
	if (words.operand_count > 1)
		sf_words_refuse(&words, "one FILE at most");
	asked.path = words.operand_count ? words.operands[0] : sf_path_latest();
	return asked;
}

static struct sf_reader *open_trace(const char *path)
{
	const char *why;
	struct sf_reader *reader = sf_reader_open(path, &why);

	if (!reader)
		sf_die("can't read the trace %s: %s", path, why);
	return reader;
}

static void warn_of_gaps(const struct sf_reader *reader, const struct sf_judged *judged)
{
	uint64_t lost = atomic_load_explicit(&sf_reader_arena(reader)->events_lost, memory_order_relaxed);

	if (judged->is_complete)
		return;
	if (lost)
		sf_warn(
		    "%llu events did not fit into the trace: what follows from them is not known", (unsigned long long)lost);
	else
		sf_warn("this trace does not have all calls (--trace-level): little can be said from it");
}

int sf_cmd_findings(int argc, char **argv)
{
	struct findings asked = read_words(argc, argv);
	struct sf_reader *reader = open_trace(asked.path);
	struct sf_reader *baseline = asked.baseline ? open_trace(asked.baseline) : NULL;
	char *errors = asked.errors ? sf_read_file(asked.errors, NULL) : NULL;
	struct sf_judged judged = sf_judge(
	    reader, &(struct sf_judge_asked){
	                .baseline = baseline, .compared = asked.compared, .differs = asked.differs, .errors = errors});
	struct sf_repeat *repeats = sf_repeats(reader, &judged);

	sf_statements_locate(&judged, reader);
	struct sf_output *out = sf_output_new(STDOUT_FILENO);
	bool coloured = !asked.json && sf_is_coloured(stdout);

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < judged.count; i++)
		if (asked.json)
			sf_statement_json(out, reader, &judged.list[i], &repeats[i]);
		else
			sf_statement_text(out, &judged.list[i], &repeats[i], coloured);
	sf_output_flush(out);
	warn_of_gaps(reader, &judged);
	int status = judged.of_severity[SF_ERROR] ? SF_STATUS_FOUND : SF_STATUS_GOOD;

	sf_repeats_free(repeats, judged.count);
	sf_judged_free(&judged);
	free(errors);
	if (baseline)
		sf_reader_close(baseline);
	sf_reader_close(reader);
	free(out);
	return status;
}
