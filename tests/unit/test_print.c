/* SPDX-License-Identifier: MIT
 *
 * test_print.c -- printing and parsing are inverse, for rules drawn from the grammar; and all printers cut as snprintf
 * does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "rules.h"
#include "unit.h"

#define ROUNDS 20000

/* The n-th random line that is one rule; fails where too few lines are taken to mean anything. */
static struct sf_ruleset *random_rule(uint64_t *random)
{
	static char text[2048];
	struct sf_diagnostic why;

	for (unsigned tries = 0; tries < 2000; tries++) {
		struct sf_ruleset *set = rules_empty();

		rules_random(random, text, sizeof text);
		if (sf_parse(set, "test", text, strlen(text), NULL, &why))
			return set;
	}
	fail_msg("no random rule is taken: the last was %s", text);
	return NULL;
}

static void printing_and_parsing_again_gives_an_equal_rule(void **state)
{
	static struct sf_ruleset again;
	uint64_t random = 7;
	char printed[4096], twice[4096];

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct sf_ruleset *set = random_rule(&random);
		struct sf_diagnostic why;
		const char *difference;

		sf_rule_print(set, &set->rules[0], printed, sizeof printed);
		memset(&again, 0, offsetof(struct sf_ruleset, sites));
		if (!sf_parse(&again, "printed", printed, strlen(printed), NULL, &why))
			fail_msg("printed but refused: %s: %s", printed, why.message);
		sf_rule_print(&again, &again.rules[0], twice, sizeof twice);
		assert_string_equal(printed, twice);
		difference = rules_differ(set, &set->rules[0], &again, &again.rules[0]);
		if (difference)
			fail_msg("%s: %s is another one after printing", printed, difference);
	}
}

static void random_rules_use_every_condition_and_every_kind(void **state)
{
	uint64_t random = 7;
	uint32_t conditions = 0, kinds = 0, operations = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct sf_rule *rule = &random_rule(&random)->rules[0];

		conditions |= rule->given;
		kinds |= SF_BIT(rule->actions[0].kind);
		operations |= rule->operations;
	}
	assert_int_equal(conditions, SF_BIT(SF_CONDITION_COUNT) - 1);
	assert_int_equal(kinds, SF_BIT(SF_FAULT_COUNT) - 1);
	assert_int_equal(operations, SF_ANY_OPERATION);
}

/* A printer into every size: the same length, a prefix of the text, always ended, nothing behind the end. */
static void cuts_everywhere(
    const struct sf_ruleset *set, size_t (*print)(const struct sf_ruleset *, const struct sf_rule *, char *, size_t))
{
	char whole[4096];
	size_t length = print(set, &set->rules[0], whole, sizeof whole);

	assert_int_equal(length, strlen(whole));
	for (size_t size = 0; size <= length + 1; size++) {
		char *cut = malloc(size ? size : 1);

		assert_int_equal(print(set, &set->rules[0], cut, size), length);
		if (size) {
			assert_int_equal(strlen(cut), size - 1 < length ? size - 1 : length);
			assert_memory_equal(cut, whole, strlen(cut));
		}
		free(cut);
	}
}

static void print_and_describe_cut_as_snprintf_does(void **state)
{
	struct sf_ruleset *set =
	    rules_parsed("any peer=10.0.0.0/8:80 program=\"a b\" data=\"\\x00\" nth=2..9/3: short 1..5");

	(void)state;
	cuts_everywhere(set, sf_rule_print);
	cuts_everywhere(set, sf_rule_describe);
}

static void action_is_printed_alone(void **state)
{
	struct sf_ruleset *set = rules_parsed("recv: delay 1500us, fail ECONNRESET");
	char text[32], small[8];

	(void)state;
	assert_int_equal(sf_action_print(&set->rules[0].actions[1], text, sizeof text), 15);
	assert_string_equal(text, "fail ECONNRESET");
	assert_int_equal(sf_action_print(&set->rules[0].actions[1], small, sizeof small), 15);
	assert_string_equal(small, "fail EC");
	sf_action_print(&set->rules[0].actions[0], text, sizeof text);
	assert_string_equal(text, "delay 1500us");
}

/* Events hold what was picked: any number may stand there. */
static void action_with_an_unknown_number_is_printed_all_the_same(void **state)
{
	struct sf_action action = {.kind = SF_FAULT_fail, .argument = {9999, 9999, SF_UNIT_ERRNO}};
	char text[32];

	(void)state;
	sf_action_print(&action, text, sizeof text);
	assert_string_equal(text, "fail ?");
}

static void description_has_only_printable_bytes(void **state)
{
	uint64_t random = 11;
	char text[4096];

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct sf_ruleset *set = random_rule(&random);
		size_t length = sf_rule_describe(set, &set->rules[0], text, sizeof text);

		assert_in_range(length, 10, sizeof text - 1);
		assert_in_range(text[0], 'A', 'Z');
		assert_int_equal(text[length - 1], '.');
		for (size_t j = 0; j < length; j++)
			assert_in_range(text[j], ' ', '~');
		assert_null(strstr(text, "  "));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(printing_and_parsing_again_gives_an_equal_rule),
	    HOLDS(random_rules_use_every_condition_and_every_kind),
	    HOLDS(print_and_describe_cut_as_snprintf_does),
	    HOLDS(action_is_printed_alone),
	    HOLDS(action_with_an_unknown_number_is_printed_all_the_same),
	    HOLDS(description_has_only_printable_bytes),
	};

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
