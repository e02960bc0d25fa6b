/* SPDX-License-Identifier: MIT
 *
 * test_diagnostic.c -- an error is shown where it is: the caret stands below the word, whatever the line is like.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "unit.h"

static void diagnostic_shows_place_sentence_line_and_caret(void **state)
{
	const struct sf_diagnostic *why = rules_refused("\n  recv nht=3: reset");
	char shown[512];

	(void)state;
	sf_diagnostic_print(why, shown, sizeof shown);
	assert_string_equal(
	    shown, "test:2:8: unknown condition 'nht'; did you mean nth?\n"
	           "      recv nht=3: reset\n"
	           "           ^~~\n");
}

static void diagnostic_keeps_tabs_and_strange_bytes_one_column_wide(void **state)
{
	const struct sf_diagnostic *why = rules_refused("\trecv program=\xc3\xa4 nht=3: reset");
	char shown[512];

	(void)state;
	sf_diagnostic_print(why, shown, sizeof shown);
	assert_string_equal(
	    shown, "test:1:18: unknown condition 'nht'; did you mean nth?\n"
	           "     recv program=?? nht=3: reset\n"
	           "                     ^~~\n");
}

static void diagnostic_cuts_long_lines_around_the_word(void **state)
{
	static char text[5000];
	const struct sf_diagnostic *why;
	char shown[1024], *caret, *word;

	(void)state;
	memset(text, 'x', 4000);
	memcpy(text, "recv program=", 13);
	strcpy(text + 4000, " nht=3: reset");
	why = rules_refused(text);
	assert_int_equal(why->column, 4002);
	assert_true(why->text_skip > 3000);
	assert_true(sf_diagnostic_print(why, shown, sizeof shown) < sizeof shown);
	word = strstr(strchr(shown, '\n'), "nht");
	caret = strchr(strchr(word, '\n'), '^');
	assert_int_equal(word - strchr(shown, '\n'), caret - strchr(word, '\n'));
}

static void diagnostic_never_underlines_beyond_the_line(void **state)
{
	static char text[2000];
	const struct sf_diagnostic *why;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	why = rules_refused(text);
	assert_int_equal(why->column, 1);
	assert_true(why->width < sizeof why->text);
	assert_true(strlen(why->message) < sizeof why->message - 1);
}

static void diagnostic_has_only_printable_bytes(void **state)
{
	const struct sf_diagnostic *why = rules_refused("recv\x1b[31m: reset\x07");
	char shown[512];

	(void)state;
	assert_non_null(why);
	sf_diagnostic_print(why, shown, sizeof shown);
	for (char *at = shown; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
}

static void diagnostic_is_cut_as_snprintf_does(void **state)
{
	struct sf_diagnostic why = *rules_refused("rcv: reset");
	char whole[512];
	size_t length = sf_diagnostic_print(&why, whole, sizeof whole);

	(void)state;
	for (size_t size = 1; size <= length; size++) {
		char *cut = malloc(size);

		assert_int_equal(sf_diagnostic_print(&why, cut, size), length);
		assert_int_equal(strlen(cut), size - 1);
		free(cut);
	}
}

static void diagnostic_of_added_conditions_names_them(void **state)
{
	struct sf_diagnostic why;
	char shown[512];

	(void)state;
	assert_false(sf_parse(rules_empty(), "a.fault", "\nrecv: reset", 12, "nth=1 nht=3", &why));
	sf_diagnostic_print(&why, shown, sizeof shown);
	assert_string_equal(
	    shown, "-s:1:7: unknown condition 'nht'; did you mean nth?\n"
	           "    nth=1 nht=3\n"
	           "          ^~~\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(diagnostic_shows_place_sentence_line_and_caret),
	    HOLDS(diagnostic_keeps_tabs_and_strange_bytes_one_column_wide),
	    HOLDS(diagnostic_cuts_long_lines_around_the_word),
	    HOLDS(diagnostic_never_underlines_beyond_the_line),
	    HOLDS(diagnostic_has_only_printable_bytes),
	    HOLDS(diagnostic_is_cut_as_snprintf_does),
	    HOLDS(diagnostic_of_added_conditions_names_them),
	};

	return cmocka_run_group_tests_name("diagnostic", tests, NULL, NULL);
}
