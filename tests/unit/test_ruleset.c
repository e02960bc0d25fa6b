/* SPDX-License-Identifier: MIT
 *
 * test_ruleset.c -- what finishing a set gives to its rules, and what each kind of fault must tell of itself.
 */
#include <string.h>

#include "core/fault.h"
#include "rules.h"
#include "unit.h"

static const struct sf_rule *finished(const char *text)
{
	struct sf_ruleset *set = rules_parsed(text);

	sf_ruleset_finish(set);
	return set->rules;
}

static void finish_gives_the_seed_one_where_none_was_given(void **state)
{
	struct sf_ruleset *set = rules_parsed("recv: reset");

	(void)state;
	sf_ruleset_finish(set);
	assert_int_equal(set->seed, 1);
	set = rules_parsed("seed 0");
	sf_ruleset_finish(set);
	assert_int_equal(set->seed, 0);
}

static void finish_gives_no_slot_to_a_rule_that_counts_over_the_run(void **state)
{
	const struct sf_rule *rules = finished("recv nth=3 times=2: reset\nsend: short 5");

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_true(rules[i].conn_slot == SF_NO_SLOT);
		assert_true(rules[i].scope_slot == SF_NO_SLOT);
	}
}

static void finish_gives_slots_where_counting_is_narrower(void **state)
{
	const struct sf_rule *rules =
	    finished("recv nth=3 per=conn: reset\nrecv nth=3 per=process: reset\nrecv times=1 per=thread: reset");

	(void)state;
	assert_int_equal(rules[0].conn_slot, 0);
	assert_int_equal(rules[1].conn_slot, SF_NO_SLOT);
	assert_true(rules[1].scope_slot != SF_NO_SLOT);
	assert_true(rules[2].scope_slot != SF_NO_SLOT);
	assert_true(rules[1].scope_slot != rules[2].scope_slot);
}

/* The ordinal of a random choice is that on the connection, or in the thread where there is none. */
static void finish_gives_slots_to_rules_that_draw(void **state)
{
	const struct sf_rule *rules =
	    finished("recv chance=50%: reset\nsend nth=1: short 1..16\nsocket chance=5%: fail EMFILE\nrecv nth=2: corrupt");

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(rules[i].conn_slot != SF_NO_SLOT);
		assert_true(rules[i].scope_slot != SF_NO_SLOT);
	}
}

static void finish_counts_its_slots(void **state)
{
	struct sf_ruleset *set = rules_parsed("recv nth=3 per=conn: reset\nsend chance=5%: reset\nsend: closed");

	(void)state;
	sf_ruleset_finish(set);
	sf_ruleset_finish(set); /* twice is as once */
	assert_int_equal(set->conn_slots, 2);
	assert_int_equal(set->scope_slots, 2);
}

/* ---- the kinds ---- */

static void each_kind_tells_what_it_is(void **state)
{
	(void)state;
	for (int i = 0; i < SF_FAULT_COUNT; i++) {
		const struct sf_fault *fault = sf_faults[i];
		const char *word = sf_fault_words[i];

		assert_int_equal(sf_fault_find(word, strlen(word)), i);
		assert_int_equal(strncmp(fault->usage, word, strlen(word)), 0);
		assert_true(fault->help && fault->help[0]);
		assert_true(fault->explain && strstr(fault->explain, "\n\n"));
		assert_true(fault->operations && !(fault->operations & ~SF_ANY_OPERATION));
		assert_true(fault->units);
		assert_false(fault->shapes && fault->alters);
	}
}

static void each_kind_says_its_argument_where_it_has_one(void **state)
{
	(void)state;
	for (int i = 0; i < SF_FAULT_COUNT; i++) {
		const struct sf_fault *fault = sf_faults[i];
		bool has_argument = fault->units != SF_BIT(SF_UNIT_NONE);
		bool is_optional = has_argument && fault->units & SF_BIT(SF_UNIT_NONE);

		assert_non_null(fault->says);
		assert_int_equal(strchr(fault->says, '@') != NULL, has_argument);
		assert_int_equal(fault->says_bare != NULL, is_optional);
		assert_int_equal(strchr(fault->usage, ' ') != NULL, has_argument);
		assert_int_equal(strchr(fault->usage, '[') != NULL, is_optional || fault->ranged);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(finish_gives_the_seed_one_where_none_was_given),
	    HOLDS(finish_gives_no_slot_to_a_rule_that_counts_over_the_run),
	    HOLDS(finish_gives_slots_where_counting_is_narrower),
	    HOLDS(finish_gives_slots_to_rules_that_draw),
	    HOLDS(finish_counts_its_slots),
	    HOLDS(each_kind_tells_what_it_is),
	    HOLDS(each_kind_says_its_argument_where_it_has_one),
	};

	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
