/* SPDX-License-Identifier: MIT
 *
 * explain.c -- `sockfault explain NAME`: what a fault, an errno or a finding is, when it is real, and what a right
 * program does about it. All of it comes from the tables: the kinds' own files, facts.def, and the findings' own files.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "core/fact.h"
#include "core/fault.h"
#include "core/finding.h"
#include "core/names.h"
#include "core/near.h"
#include "core/parser.h"

#define WIDTH 92

/* Words filled into lines, each behind an indent. */
static void print_wrapped(const char *text, const char *indent)
{
	size_t column = 0;

	while (*text) {
		size_t length = strcspn(text, " \n");

		if (column + length > WIDTH) {
			printf("\n");
			column = 0;
		}
		printf("%s%.*s", column ? " " : indent, (int)length, text);
		column += length + 1;
		text += length;
		if (text[0] == '\n') {
			printf("\n");
			column = 0;
		}
		while (*text == ' ' || (*text == '\n' && column == 0)) {
			if (*text++ == '\n' && *text != '\n')
				printf("\n");
		}
	}
	printf("\n");
}

static int explain_fault(int kind)
{
	const struct sf_fault *fault = sf_faults[kind];
	char calls[128];

	printf("%s: %s\n\n", sf_fault_words[kind], fault->help);
	printf("    written  %s\n", fault->usage);
	printf("    on       %s\n\n", sf_operations_text(fault->operations, "and", calls, sizeof calls));
	print_wrapped(fault->explain, "");
	return SF_STATUS_GOOD;
}

/* ---- findings ---- */

static void print_code(const char *title, const char *code)
{
	printf("\n%s\n\n", title);
	while (*code) {
		size_t length = strcspn(code, "\n");

		printf("%s%.*s\n", length ? "    " : "", (int)length, code);
		code += length + (code[length] == '\n');
	}
}

/* How wrong.c, the code above it, shows the mistake. */
static void print_try(const struct sf_finding *finding)
{
	printf("\nTry it:\n\n    cc -g -pthread -o wrong wrong.c\n    sockfault run");
	if (finding->rule)
		printf(" -e '%s'", finding->rule);
	if (finding->peer)
		printf(" --peer '%s'", finding->peer);
	printf(" -- ./wrong%s", finding->peer ? " {port}" : "");
	printf(
	    "%s%s\n    sockfault findings\n", finding->arguments ? " " : "", finding->arguments ? finding->arguments : "");
}

static int explain_finding(int name)
{
	const struct sf_finding *finding = sf_findings[name];

	printf("%s: %s\n\n", sf_finding_words[name], finding->help);
	printf("    severity  %s\n    source    %s\n\n", sf_severity_words[finding->severity], finding->source);
	print_wrapped(finding->explain, "");
	printf("\n");
	print_wrapped(finding->hint, "");
	print_code("Wrong (wrong.c):", finding->wrong);
	print_code("Right:", finding->right);
	print_try(finding);
	return SF_STATUS_GOOD;
}

/* ---- errnos ---- */

static const char *possible_text(uint8_t possible)
{
	static const char *const texts[SF_POSSIBLE_COUNT] = {
	    "never; fail refuses it",
	    "only by a wrong argument; fail refuses it",
	    "by POSIX or on other systems, not on Linux",
	    "on Linux, under a condition",
	    "on Linux",
	};

	return texts[possible];
}

static bool is_about(const struct sf_fact *fact, unsigned func)
{
	return fact->funcs[func / 64] >> (func % 64) & 1;
}

/* "recv (recv, recvfrom, ...)": the checked twins of a function go without saying. */
static void print_functions(const struct sf_fact *fact)
{
	const char *glue = "";

	for (unsigned i = 0; i < SF_FUNC_COUNT; i++) {
		if (!is_about(fact, i) || sf_func_rows[i].name[0] == '_')
			continue;
		printf("%s%s", glue, sf_func_rows[i].name);
		glue = ", ";
	}
}

static void print_bits(unsigned bits, const char *const *words, unsigned count)
{
	const char *glue = " (";

	for (unsigned i = 0; i < count; i++)
		if (bits >> i & 1) {
			printf("%s%s", glue, words[i]);
			glue = ", ";
		}
	printf("%s", glue[0] == ',' ? ")" : "");
}

static void print_field(const char *name, const char *text)
{
	if (text[0])
		printf("    %-9s%s\n", name, text);
}

static void print_fact(const struct sf_fact *fact)
{
	printf("\n");
	print_functions(fact);
	if (fact->on != SF_ON_ANY)
		print_bits(fact->on, sf_on_words, SF_ON_COUNT);
	if (fact->modes != SF_BIT(SF_MODE_COUNT) - 1)
		print_bits(fact->modes, sf_mode_words, SF_MODE_COUNT);
	printf("\n");
	print_field("real", possible_text(fact->possible));
	print_field("class", sf_fact_text(fact->class_));
	print_field("when", sf_fact_text(fact->when));
	print_field("then", sf_fact_text(fact->next));
	print_field("after", sf_fact_text(fact->after));
	print_field("see", sf_fact_text(fact->man));
}

static int explain_number(const char *name, int number, bool is_eai)
{
	unsigned count = 0;

	printf("%s: %s\n", name, is_eai ? sf_eai_text(number) : sf_errno_text(number));
	for (size_t i = 0; i < sf_fact_count; i++) {
		bool is_resolve = is_about(&sf_facts[i], SF_FUNC_getaddrinfo) || is_about(&sf_facts[i], SF_FUNC_getnameinfo);

		if (sf_facts[i].number != number || is_resolve != is_eai)
			continue;
		print_fact(&sf_facts[i]);
		count++;
	}
	if (!count)
		printf("\nNo socket call gives it. 'fake %s' makes one return it all the same.\n", name);
	return SF_STATUS_GOOD;
}

static int refuse(const char *name)
{
	struct sf_near near = sf_near_to(name, strlen(name));

	sf_near_offer_all(&near, sf_fault_words, SF_FAULT_COUNT);
	sf_near_offer_all(&near, sf_finding_words, SF_FINDING_COUNT);
	for (int i = 1; i < 200; i++) {
		if (sf_errno_name(i))
			sf_near_offer(&near, sf_errno_name(i));
		if (sf_eai_name(i))
			sf_near_offer(&near, sf_eai_name(i));
	}
	if (sf_near_found(&near))
		sf_warn("nothing is known of '%s'; did you mean %s?", name, sf_near_found(&near));
	else
		sf_warn("nothing is known of '%s': name a fault (see sockfault list faults), an errno or a finding", name);
	return SF_STATUS_BAD_RULE;
}

int sf_cmd_explain(int argc, char **argv)
{
	struct sf_words words;

	sf_words_begin(&words, argc, argv);
	while (sf_words_next(&words) != SF_OPTION_END)
		;
	if (words.operand_count != 1)
		sf_words_refuse(&words, "one NAME is to be given: a fault, an errno or a finding");
	const char *name = words.operands[0];
	size_t length = strlen(name);

	if (sf_fault_find(name, length) >= 0)
		return explain_fault(sf_fault_find(name, length));
	if (sf_errno_find(name, length) >= 0)
		return explain_number(sf_errno_name(sf_errno_find(name, length)), sf_errno_find(name, length), false);
	if (sf_eai_find(name, length) >= 0)
		return explain_number(name, sf_eai_find(name, length), true);
	if (sf_finding_find(name, length) >= 0)
		return explain_finding(sf_finding_find(name, length));
	return refuse(name);
}
