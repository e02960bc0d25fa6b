/* SPDX-License-Identifier: MIT
 *
 * test_parse.c -- the grammar by its examples: wrong-rules.txt and right-rules.txt are its specification, each with
 * what is said; then what holds for any text at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "rules.h"
#include "unit.h"

/* ---- the two lists ---- */

/* One case of a list: the rule's lines, the conditions of -s, and the lines that say what is expected. */
struct listed {
	char text[2048], extra[2048], expected[8][2048];
	unsigned expected_count;
	unsigned line;
};

static bool is_expectation(const char *line)
{
	return strncmp(line, "=> ", 3) == 0 || strncmp(line, "-> ", 3) == 0;
}

/* Takes a line into the case; true at the blank line that ends one. */
static bool take_line(struct listed *listed, char *line)
{
	bool is_heading = strncmp(line, "# ", 2) == 0 && !listed->text[0];

	line[strcspn(line, "\n")] = '\0';
	if (is_expectation(line)) {
		assert_in_range(listed->expected_count, 0, 7);
		snprintf(listed->expected[listed->expected_count++], sizeof listed->expected[0], "%s", line + 3);
	} else if (strncmp(line, "-s ", 3) == 0) {
		snprintf(listed->extra, sizeof listed->extra, "%s", line + 3);
	} else if (line[0] && !is_heading) {
		size_t used = strlen(listed->text);

		snprintf(listed->text + used, sizeof listed->text - used, "%s%s", used ? "\n" : "", line);
	}
	return !line[0] && listed->text[0];
}

static unsigned each_listed(const char *path, void (*try)(const struct listed *))
{
	FILE *file = fopen(path, "r");
	char line[2048];
	struct listed listed = {.line = 1};
	unsigned count = 0, number = 0;

	if (!file) {
		fail_msg("%s is missing: run this from the root of the repository", path);
		return 0;
	}
	while (fgets(line, sizeof line, file)) {
		number++;
		if (take_line(&listed, line)) {
			try(&listed);
			count++;
			listed = (struct listed){.line = number + 1};
		}
	}
	fclose(file);
	if (listed.text[0]) {
		try(&listed);
		count++;
	}
	return count;
}

static void refuse_one(const struct listed *listed)
{
	struct sf_diagnostic why;
	char said[2048];

	if (sf_parse(
	        rules_empty(), "-e", listed->text, strlen(listed->text), listed->extra[0] ? listed->extra : NULL, &why))
		fail_msg("wrong-rules.txt:%u: taken: %s", listed->line, listed->text);
	snprintf(
	    said, sizeof said, "%s%u:%u:%u %s", strcmp(why.source, "-s") == 0 ? "-s:" : "", why.line, why.column, why.width,
	    why.message);
	if (strcmp(said, listed->expected[0]) != 0)
		fail_msg(
		    "wrong-rules.txt:%u: %s\nsaid:     %s\nexpected: %s", listed->line, listed->text, said,
		    listed->expected[0]);
}

static void parse_refuses_each_wrong_rule_in_its_words(void **state)
{
	(void)state;
	assert_true(each_listed("tests/unit/wrong-rules.txt", refuse_one) >= 130);
}

static void take_one(const struct listed *listed)
{
	struct sf_ruleset *set = rules_empty();
	struct sf_diagnostic why;
	char said[2048];

	if (!sf_parse(set, "-e", listed->text, strlen(listed->text), listed->extra[0] ? listed->extra : NULL, &why))
		fail_msg("right-rules.txt:%u: refused: %s", listed->line, why.message);
	assert_int_equal(listed->expected_count, 2 * set->count);
	for (uint32_t i = 0; i < set->count; i++) {
		sf_rule_print(set, &set->rules[i], said, sizeof said);
		if (strcmp(said, listed->expected[2 * i]) != 0)
			fail_msg("right-rules.txt:%u: printed: %s", listed->line, said);
		sf_rule_describe(set, &set->rules[i], said, sizeof said);
		if (strcmp(said, listed->expected[2 * i + 1]) != 0)
			fail_msg("right-rules.txt:%u: described: %s", listed->line, said);
	}
}

static void parse_takes_each_right_rule_and_says_what_it_means(void **state)
{
	(void)state;
	assert_true(each_listed("tests/unit/right-rules.txt", take_one) >= 60);
}

/* ---- what is read into a rule ---- */

static void parse_reads_calls_conditions_and_actions(void **state)
{
	struct sf_ruleset *set =
	    rules_parsed("connect,recv peer=*:5432 nth=2..9/3 times=4 chance=20%: latency 100ms..300ms");
	const struct sf_rule *rule = &set->rules[0];

	(void)state;
	assert_int_equal(set->count, 1);
	assert_int_equal(rule->operations, SF_BIT(SF_CONNECT) | SF_BIT(SF_RECV));
	assert_int_equal(rule->peer.family, SF_FAMILY_OTHER);
	assert_int_equal(rule->peer.port_low, 5432);
	assert_false(rule->peer.any_port);
	assert_int_equal(rule->nth.low, 2);
	assert_int_equal(rule->nth.high, 9);
	assert_int_equal(rule->nth_step, 3);
	assert_int_equal(rule->times, 4);
	assert_int_equal(rule->chance, 200000);
	assert_int_equal(rule->action_count, 1);
	assert_int_equal(rule->actions[0].kind, SF_FAULT_latency);
	assert_int_equal(rule->actions[0].argument.unit, SF_UNIT_DURATION);
	assert_int_equal(rule->actions[0].argument.low, 100000000);
	assert_int_equal(rule->actions[0].argument.high, 300000000);
}

static void parse_gives_what_was_not_said_its_default(void **state)
{
	const struct sf_rule *rule = &rules_parsed("recv: reset")->rules[0];

	(void)state;
	assert_int_equal(rule->given, 0);
	assert_int_equal(rule->chance, SF_CHANCE_ONE);
	assert_true(rule->times == UINT64_MAX);
	assert_int_equal(rule->nth.low, 1);
	assert_true(rule->nth.high == UINT64_MAX);
	assert_int_equal(rule->nth_step, 1);
	assert_int_equal(rule->per, SF_PER_RUN);
	assert_int_equal(rule->families | rule->types | rule->sides | rule->modes, 0);
}

static void parse_reads_addresses_in_network_order(void **state)
{
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	const struct sf_rule *rule = &rules_parsed("recv peer=[2001:db8::1]/64:443 local=10.1.2.3/8:1-9: reset")->rules[0];

	(void)state;
	assert_int_equal(rule->peer.family, SF_INET6);
	assert_memory_equal(rule->peer.bytes, v6, 16);
	assert_int_equal(rule->peer.prefix, 64);
	assert_int_equal(rule->peer.port_high, 443);
	assert_int_equal(rule->local.family, SF_INET);
	assert_memory_equal(rule->local.bytes, "\x0a\x01\x02\x03", 4);
	assert_int_equal(rule->local.prefix, 8);
	assert_int_equal(rule->local.port_low, 1);
	assert_int_equal(rule->local.port_high, 9);
}

static void parse_reads_unix_paths_with_and_without_a_name(void **state)
{
	struct sf_ruleset *set = rules_parsed("recv peer=unix:/run/*.sock local=unix:@a: reset");
	const struct sf_rule *rule = &set->rules[0];

	(void)state;
	assert_int_equal(rule->peer.family, SF_UNIX);
	assert_false(rule->peer.abstract);
	assert_memory_equal(sf_text_of(set, rule->peer.path), "/run/*.sock", rule->peer.path.length);
	assert_true(rule->local.abstract);
	assert_int_equal(rule->local.path.length, 1);
}

static void parse_takes_escapes_out_of_data(void **state)
{
	struct sf_ruleset *set = rules_parsed("send data=\"a\\x00\\\\\\\"\\xfF#:\": short 1");

	(void)state;
	assert_int_equal(set->rules[0].data.length, 7);
	assert_memory_equal(sf_text_of(set, set->rules[0].data), "a\0\\\"\xff#:", 7);
}

static void parse_makes_a_span_of_an_offset_and_leaves_lines_to_the_command(void **state)
{
	struct sf_ruleset *set = rules_parsed("send site=./bin/client+0x1a2f: short 1\nsend site=client.c:42: short 1");

	(void)state;
	assert_int_equal(set->site_count, 1);
	assert_int_equal(set->rules[0].site_count, 1);
	assert_int_equal(set->sites[0].low, 0x1a2e); /* the byte before the return address */
	assert_int_equal(set->sites[0].high, 0x1a2e);
	assert_int_equal(set->sites[0].object.length, 6);
	assert_memory_equal(sf_text_of(set, set->sites[0].object), "client", 6);
	assert_int_equal(set->rules[1].site_count, 0);
}

static void parse_takes_an_alias_for_its_function(void **state)
{
	const struct sf_rule *rule = &rules_parsed("send func=__send: short 1")->rules[0];

	(void)state;
	assert_true(rule->funcs[SF_FUNC_send / 64] >> (SF_FUNC_send % 64) & 1);
}

static void parse_remembers_where_a_rule_was_written(void **state)
{
	struct sf_ruleset *set = rules_parsed("# head\n\n  recv: reset\nsend: short 1");

	(void)state;
	assert_int_equal(set->rules[0].line, 3);
	assert_int_equal(set->rules[0].column, 3);
	assert_int_equal(set->rules[1].line, 4);
	assert_memory_equal(sf_text_of(set, set->rules[1].source), "test", set->rules[1].source.length);
}

static void parse_leaves_out_calls_that_a_condition_does_not_apply_to(void **state)
{
	const struct sf_rule *rule = &rules_parsed("socket,poll,recv peer=*:80: delay 1ms")->rules[0];

	(void)state;
	assert_int_equal(rule->operations, SF_BIT(SF_RECV));
	assert_int_equal(rule->left_out, SF_BIT(SF_SOCKET) | SF_BIT(SF_POLL));
}

static void parse_narrows_any_to_what_the_action_applies_to(void **state)
{
	const struct sf_rule *rule = &rules_parsed("any: eof")->rules[0];

	(void)state;
	assert_true(rule->any);
	assert_int_equal(rule->operations, SF_BIT(SF_RECV));
	assert_int_equal(rule->operations | rule->left_out, SF_ANY_OPERATION);
}

static void parse_appends_to_the_set(void **state)
{
	struct sf_ruleset *set = rules_parsed("recv nth=1: reset");
	struct sf_diagnostic why;

	(void)state;
	assert_true(sf_parse(set, "other", "send: short 1\n", 14, NULL, &why));
	assert_int_equal(set->count, 2);
	assert_memory_equal(sf_text_of(set, set->rules[1].source), "other", set->rules[1].source.length);
}

static void parse_adds_the_extra_conditions_to_each_rule(void **state)
{
	struct sf_ruleset *set = rules_empty();
	struct sf_diagnostic why;
	const char *text = "recv nth=1: reset\nsend: short 1\n";

	(void)state;
	assert_true(sf_parse(set, "s", text, strlen(text), "peer=*:80 program=a*", &why));
	for (unsigned i = 0; i < 2; i++) {
		assert_true(sf_rule_has(&set->rules[i], SF_CONDITION_PEER));
		assert_true(sf_rule_has(&set->rules[i], SF_CONDITION_PROGRAM));
	}
}

/* ---- the seed ---- */

static void parse_takes_the_seed_of_a_file_unless_one_was_given(void **state)
{
	struct sf_ruleset *set = rules_parsed("seed 7");
	struct sf_diagnostic why;

	(void)state;
	assert_int_equal(set->seed, 7);
	assert_int_equal(set->seed_given, 1);
	set->seed = 9;
	set->seed_given = 2;
	assert_true(sf_parse(set, "file", "seed 7", 6, NULL, &why));
	assert_int_equal(set->seed, 9);
	assert_int_equal(set->seed_given, 2);
}

/* ---- hidden rules, across sources ---- */

static void parse_refuses_a_shadowed_rule_of_another_source(void **state)
{
	struct sf_ruleset *set = rules_parsed("recv: reset");
	struct sf_diagnostic why;

	(void)state;
	assert_false(sf_parse(set, "file", "recv: eof", 9, NULL, &why));
	assert_non_null(strstr(why.message, "hidden by test:1, 'recv: reset'"));
	assert_int_equal(set->count, 1);
}

/* Each pair would be refused if hiding looked at the conditions alone. */
static void parse_does_not_call_a_rule_hidden_that_may_fire(void **state)
{
	static const char *const pairs[] = {
	    "recv nth=3: reset\nrecv: eof",
	    "recv times=1: reset\nrecv: eof",
	    "recv chance=50%: reset\nrecv: eof",
	    "recv offset=1..: reset\nrecv: eof",
	    "recv time=1s..: reset\nrecv: eof",
	    "recv conn=1: reset\nrecv: eof",
	    "recv: delay 1ms\nrecv: eof",
	    "recv: latency 1ms\nrecv: eof",
	    "recv: fail EAGAIN\nrecv: eof",
	    "recv: fail ECONNRESET\nrecv: fail ETIMEDOUT",
	    "recv: short 100\nrecv: short 50",
	    "recv: short 100\nrecv: eof",
	    "recv: drop\nrecv: reset",
	    "connect: stall\nconnect type=dgram: fail ENETUNREACH",
	    "connect,recv: stall\nconnect: fail ECONNREFUSED",
	    "recv: reset\nrecv: drop",
	    "recv: truncate 5\nrecv: drop",
	    "recv func=read: reset\nrecv: eof",
	    "poll: pass\npoll func=epoll_ctl: delay 1ms",
	    "recv peer=*:80: reset\nrecv: eof",
	    "recv peer=*:80: reset\nrecv peer=*: eof",
	    "recv peer=*:80: reset\nrecv peer=*:79-80: eof",
	    "recv peer=10.1.0.0/16: reset\nrecv peer=10.0.0.0/8: eof",
	    "recv peer=10.0.0.0/8: reset\nrecv peer=11.0.0.0/8: eof",
	    "recv peer=unix:/a*: reset\nrecv peer=unix:/ab: eof",
	    "recv peer=unix:/a: reset\nrecv peer=unix:@/a: eof",
	    "recv peer=*: reset\nrecv peer=unix:/a: eof",
	    "recv family=inet: reset\nrecv: eof",
	    "recv: reset\nrecv family=unix: eof",
	    "recv side=client: reset\nrecv: eof",
	    "recv mode=blocking: reset\nrecv: eof",
	    "recv program=a: reset\nrecv program=b: eof",
	    "recv size=5..10: reset\nrecv size=1..10: eof",
	    "recv thread=a: reset\nrecv: eof",
	    "recv process=1: reset\nrecv process=1..2: eof",
	    "send data=\"a\": reset\nsend data=\"b\": closed",
	    "recv type=stream: reset\nrecv: delay 1ms",
	    "recv: reset\nsend: reset",
	    "recv: reset\nsend,recv: reset",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_int_equal(rules_parsed(pairs[i])->count, 2);
}

/* ---- any text at all ---- */

static void parse_leaves_the_set_as_it_was_when_it_refuses(void **state)
{
	struct sf_ruleset *set = rules_parsed("recv nth=1 site=a+0x1: reset");
	static struct sf_ruleset before;
	struct sf_diagnostic why;
	const char *text = "seed 5\nsend site=b+0x2 program=abc: short 1\nsend: short 0";

	(void)state;
	memcpy(&before, set, offsetof(struct sf_ruleset, rules) + sizeof set->rules[0]);
	assert_false(sf_parse(set, "other", text, strlen(text), NULL, &why));
	assert_memory_equal(set, &before, offsetof(struct sf_ruleset, sites));
	assert_memory_equal(set->text, before.text, before.text_used);
	assert_memory_equal(&set->rules[0], &before.rules[0], sizeof set->rules[0]);
}

static void parse_takes_lines_of_other_systems(void **state)
{
	(void)state;
	assert_int_equal(rules_parsed("\xef\xbb\xbfrecv nth=3: reset\r\n\r\nsend: short 1\r\n")->count, 2);
	assert_int_equal(rules_parsed("")->count, 0);
	assert_int_equal(rules_parsed("\n\n#\n")->count, 0);
	assert_int_equal(rules_parsed("recv: reset")->count, 1);
}

static void parse_refuses_bytes_that_can_not_be_printed(void **state)
{
	(void)state;
	assert_non_null(strstr(
	    rules_refused("recv program=a\x01"
	                  "b: reset")
	        ->message,
	    "can't be printed"));
	assert_non_null(rules_refused("recv\x01: reset"));
}

static void parse_refuses_more_rules_than_a_run_can_have(void **state)
{
	char *text = malloc(SF_RULES_MAX * 40 + 80), *at = text;
	struct sf_ruleset *set = rules_empty();
	struct sf_diagnostic why;

	(void)state;
	for (unsigned i = 0; i < SF_RULES_MAX; i++)
		at += sprintf(at, "recv nth=%u: reset\n", i + 1);
	assert_true(sf_parse(set, "test", text, (size_t)(at - text), NULL, &why));
	assert_int_equal(set->count, SF_RULES_MAX);
	assert_false(sf_parse(set, "test", "recv: eof", 9, NULL, &why));
	assert_non_null(strstr(why.message, "too many rules"));
	free(text);
}

static void parse_refuses_more_text_and_sites_than_it_can_keep(void **state)
{
	static char text[SF_TEXT_MAX + 64];
	const struct sf_diagnostic *why;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "recv program=", 13);
	strcpy(text + SF_TEXT_MAX + 20, ": reset");
	why = rules_refused(text);
	assert_non_null(why);
	assert_non_null(strstr(why->message, "too much text"));
	for (unsigned i = 0, used = 0; i <= SF_SITES_MAX; i++)
		used += (unsigned)sprintf(text + used, "recv nth=%u site=a+0x%x: reset\n", i + 1, i + 1);
	why = rules_refused(text);
	assert_non_null(why);
	assert_non_null(strstr(why->message, "too many sites"));
}

static void parse_survives_random_bytes(void **state)
{
	static const char alphabet[] = "recv nth=3..:,/+*\"\\#-%%[]unix@\t\n\r\x00\xff seed short 1 peer=data=";
	struct sf_ruleset *set = rules_empty();
	struct sf_diagnostic why;
	uint64_t random = 1;
	char shown[2048];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		size_t length = rules_draw(&random, 80);
		char *text = malloc(length); /* exactly so long, that the sanitizer sees each byte beyond */

		for (size_t j = 0; j < length; j++)
			text[j] = alphabet[rules_draw(&random, sizeof alphabet - 1)];
		set->count = set->text_used = set->site_count = 0;
		if (!sf_parse(set, "test", text, length, NULL, &why)) {
			assert_true(why.width >= 1 && why.column >= 1 && why.line >= 1);
			assert_true(sf_diagnostic_print(&why, shown, sizeof shown) < sizeof shown);
		}
		free(text);
	}
}

/* A rule that is cut off anywhere, or has one byte changed, is a rule or a diagnostic. */
static void parse_survives_damaged_rules(void **state)
{
	struct sf_ruleset *set = rules_empty();
	struct sf_diagnostic why;
	uint64_t random = 2;
	char rule[1024];

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		rules_random(&random, rule, sizeof rule);
		size_t length = 1 + rules_draw(&random, strlen(rule));
		char *text = malloc(length);

		memcpy(text, rule, length);
		text[rules_draw(&random, length)] = (char)rules_draw(&random, 256);
		set->count = set->text_used = set->site_count = 0;
		sf_parse(set, "test", text, length, NULL, &why);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(parse_refuses_each_wrong_rule_in_its_words),
	    HOLDS(parse_takes_each_right_rule_and_says_what_it_means),
	    HOLDS(parse_reads_calls_conditions_and_actions),
	    HOLDS(parse_gives_what_was_not_said_its_default),
	    HOLDS(parse_reads_addresses_in_network_order),
	    HOLDS(parse_reads_unix_paths_with_and_without_a_name),
	    HOLDS(parse_takes_escapes_out_of_data),
	    HOLDS(parse_makes_a_span_of_an_offset_and_leaves_lines_to_the_command),
	    HOLDS(parse_takes_an_alias_for_its_function),
	    HOLDS(parse_remembers_where_a_rule_was_written),
	    HOLDS(parse_leaves_out_calls_that_a_condition_does_not_apply_to),
	    HOLDS(parse_narrows_any_to_what_the_action_applies_to),
	    HOLDS(parse_appends_to_the_set),
	    HOLDS(parse_adds_the_extra_conditions_to_each_rule),
	    HOLDS(parse_takes_the_seed_of_a_file_unless_one_was_given),
	    HOLDS(parse_refuses_a_shadowed_rule_of_another_source),
	    HOLDS(parse_does_not_call_a_rule_hidden_that_may_fire),
	    HOLDS(parse_leaves_the_set_as_it_was_when_it_refuses),
	    HOLDS(parse_takes_lines_of_other_systems),
	    HOLDS(parse_refuses_bytes_that_can_not_be_printed),
	    HOLDS(parse_refuses_more_rules_than_a_run_can_have),
	    HOLDS(parse_refuses_more_text_and_sites_than_it_can_keep),
	    HOLDS(parse_survives_random_bytes),
	    HOLDS(parse_survives_damaged_rules),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
