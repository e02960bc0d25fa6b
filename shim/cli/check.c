/* SPDX-License-Identifier: MIT
 *
 * check.c -- `sockfault check`: every rule back as it was understood, and in plain English; or the diagnostic of the
 * first that can't be used. The parser is the library's own, so that what passes here is taken there. A file of TOML is
 * an assignment.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/rules.h"

#define TEXT_MAX 8192

static void show_rule(const struct sf_ruleset *set, const struct sf_rule *rule)
{
	static SF_LARGE char text[TEXT_MAX];

	printf("%.*s:%u: ", (int)rule->source.length, sf_text_of(set, rule->source), rule->line);
	sf_rule_print(set, rule, text, sizeof text);
	printf("%s\n", text);
	sf_rule_describe(set, rule, text, sizeof text);
	printf("    %s\n", text);
}

static void show(const struct sf_ruleset *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		show_rule(set, &set->rules[i]);
	if (set->seed_given)
		printf("The seed is %llu.\n", (unsigned long long)set->seed);
	if (set->count == 0)
		printf("No rules: nothing would be injected.\n");
}

/* An assignment is read by who grades by it. */
static bool check_assignment(char *name)
{
	char grade[] = "grade", check[] = "--check";
	char *argv[] = {grade, check, name, NULL};
	int status;
	pid_t child = fork();

	if (child < 0)
		sf_die("can't start sockfault-grade: %s", strerror(errno));
	if (child == 0) {
		sf_command_foreign(argv);
		sf_die("%s: assignments belong to the Python harness, and sockfault-grade is not installed", name);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SF_STATUS_TROUBLE)
		exit(SF_STATUS_TROUBLE);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_assignment(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".toml") == 0;
}

/* Files are judged one by one: rules hide each other only where a run would put them together. */
static bool check_file(struct sf_ruleset *set, const char *name)
{
	memset(set, 0, sf_ruleset_size(set));
	if (!sf_rules_add_scenario(set, name))
		return false;
	show(set);
	return true;
}

int sf_cmd_check(int argc, char **argv)
{
	struct sf_ruleset *set = sf_rules_new();
	struct sf_words words;
	bool good = true, given = false;

	sf_words_begin(&words, argc, argv);
	for (enum sf_option option; (option = sf_words_next(&words));)
		if (option == SF_OPTION_RULE) {
			given = true;
			good = good && sf_rules_add_text(set, "-e", words.value);
		}
	if (!given && !words.operand_count)
		sf_words_refuse(&words, "nothing to check: name a FILE, or a rule with -e");
	if (given && good)
		show(set);
	for (int i = 0; i < words.operand_count; i++)
		good &=
		    is_assignment(words.operands[i]) ? check_assignment(words.operands[i]) : check_file(set, words.operands[i]);
	return good ? SF_STATUS_GOOD : SF_STATUS_BAD_RULE;
}
