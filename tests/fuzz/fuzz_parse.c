/* SPDX-License-Identifier: MIT
 *
 * fuzz_parse.c -- any bytes are rules or a diagnostic. What is taken prints as a rule that is taken again and prints
 * the same; no printer writes beyond its buffer. The part behind a NUL, if there is one, stands for the conditions of
 * -s.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/parse.h"

#define MUST(what)                                                                                                     \
	if (!(what))                                                                                                       \
	__builtin_trap()

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Into a buffer of exactly the length that was said to be needed, and into one that is a byte too small. */
static void print_tightly(
    const struct sf_ruleset *set, const struct sf_rule *rule,
    size_t (*print)(const struct sf_ruleset *, const struct sf_rule *, char *, size_t))
{
	size_t length = print(set, rule, NULL, 0);
	char *text = malloc(length + 1);

	MUST(text && print(set, rule, text, length + 1) == length && strlen(text) == length);
	MUST(print(set, rule, text, length) == length && strlen(text) == length - 1);
	free(text);
}

static void print_again(const struct sf_ruleset *set, const struct sf_rule *rule)
{
	static struct sf_ruleset again;
	static char printed[1 << 20], twice[1 << 20];
	struct sf_diagnostic why;
	size_t length = sf_rule_print(set, rule, printed, sizeof printed);

	memset(&again, 0, offsetof(struct sf_ruleset, sites));
	MUST(length < sizeof printed);
	MUST(sf_parse(&again, "printed", printed, length, NULL, &why) && again.count == 1);
	MUST(sf_rule_print(&again, &again.rules[0], twice, sizeof twice) == length);
	MUST(memcmp(printed, twice, length) == 0);
	MUST(again.rules[0].operations == rule->operations && again.rules[0].left_out == rule->left_out);
	MUST(again.rules[0].given == rule->given);
}

static void show(const struct sf_diagnostic *why)
{
	size_t length = sf_diagnostic_print(why, NULL, 0);
	char *text = malloc(length + 1);

	MUST(why->line >= 1 && why->column >= 1 && why->width >= 1 && why->message[0]);
	MUST(why->column > why->text_skip);
	MUST(text && sf_diagnostic_print(why, text, length + 1) == length);
	for (size_t i = 0; i < length; i++)
		MUST(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sf_ruleset set;
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t length = nul ? (size_t)(nul - data) : size;
	char *text = malloc(length + 1), *extra = nul ? malloc(size - length) : NULL;
	struct sf_diagnostic why;

	MUST(text);
	memcpy(text, data, length);
	if (extra) {
		memcpy(extra, nul + 1, size - length - 1);
		extra[size - length - 1] = '\0';
	}
	memset(&set, 0, offsetof(struct sf_ruleset, sites));
	if (sf_parse(&set, "fuzz", text, length, extra, &why)) {
		sf_ruleset_finish(&set);
		for (uint32_t i = 0; i < set.count; i++) {
			print_tightly(&set, &set.rules[i], sf_rule_print);
			print_tightly(&set, &set.rules[i], sf_rule_describe);
			print_again(&set, &set.rules[i]);
		}
	} else {
		show(&why);
		MUST(set.count == 0 && set.text_used == 0 && set.site_count == 0 && set.seed_given == 0);
	}
	free(text);
	free(extra);
	return 0;
}
