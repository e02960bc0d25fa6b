/* SPDX-License-Identifier: MIT
 *
 * list.c -- `sockfault list`: what there is, from the tables and folders themselves. As aligned columns for people, or
 * with
 * --json one object a line.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "core/append.h"
#include "core/fact.h"
#include "core/fault.h"
#include "core/finding.h"
#include "core/names.h"
#include "core/near.h"

#define COLUMNS_MAX 12

/* A column that holds several words (a JSON array), or is for programs only. */
enum { ONE = 0, SEVERAL = 1, JSON_ONLY = 2 };

struct column {
	const char *name;
	unsigned flags;
};

/* Cells row by row; columns ends with a NULL name. */
struct listing {
	const struct column *columns;
	unsigned width;
	size_t count, room;
	char **cells;
};

static struct listing listing_of(const struct column *columns)
{
	struct listing listing = {.columns = columns};

	while (columns[listing.width].name)
		listing.width++;
	return listing;
}

static void add(struct listing *listing, char *cell)
{
	if (listing->count == listing->room) {
		listing->room = listing->room ? 2 * listing->room : 256;
		listing->cells = realloc(listing->cells, listing->room * sizeof *listing->cells);
		if (!listing->cells)
			sf_die("out of memory");
	}
	listing->cells[listing->count++] = cell;
}

static void add_text(struct listing *listing, const char *text)
{
	add(listing, sf_print("%s", text));
}

/* Words of the bits that are set, with blanks between them. */
static void add_bits(struct listing *listing, uint64_t bits, const char *const *words, unsigned count)
{
	char text[512];
	struct sf_append out = sf_append_to(text, sizeof text);

	for (unsigned i = 0; i < count; i++)
		if (bits >> i & 1)
			sf_append_format(&out, "%s%s", out.used ? " " : "", words[i]);
	sf_append_end(&out);
	add_text(listing, text);
}

/* ---- as text, as JSON ---- */

static struct sf_output out = {.fd = STDOUT_FILENO};

static void put_padded(const char *text, size_t width)
{
	sf_put_text(&out, text);
	for (size_t i = strlen(text); i < width; i++)
		sf_put_text(&out, " ");
}

static void put_columns(const struct listing *listing)
{
	size_t widths[COLUMNS_MAX] = {0};
	unsigned last = 0;

	for (unsigned c = 0; c < listing->width; c++)
		if (!(listing->columns[c].flags & JSON_ONLY))
			last = c;
	for (size_t i = 0; i < listing->count; i++)
		if (strlen(listing->cells[i]) > widths[i % listing->width])
			widths[i % listing->width] = strlen(listing->cells[i]);
	for (size_t i = 0; i < listing->count; i++) {
		unsigned c = (unsigned)(i % listing->width);

		if (listing->columns[c].flags & JSON_ONLY)
			continue;
		put_padded(listing->cells[i], c == last ? 0 : widths[c] + 2);
		if (c == last)
			sf_put_text(&out, "\n");
	}
}

static void put_array(const char *words)
{
	const char *glue = "";

	sf_put_text(&out, "[");
	while (*words) {
		size_t length = strcspn(words, " ");

		sf_put_text(&out, glue);
		sf_put_json(&out, words, length);
		words += length + (words[length] == ' ');
		glue = ",";
	}
	sf_put_text(&out, "]");
}

static void put_objects(const struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		const struct column *column = &listing->columns[i % listing->width];
		bool is_first = i % listing->width == 0, is_last = (i + 1) % listing->width == 0;

		sf_put_text(&out, is_first ? "{" : ",");
		sf_put_json(&out, column->name, strlen(column->name));
		sf_put_text(&out, ":");
		if (column->flags & SEVERAL)
			put_array(listing->cells[i]);
		else
			sf_put_json(&out, listing->cells[i], strlen(listing->cells[i]));
		if (is_last)
			sf_put_text(&out, "}\n");
	}
}

/* ---- the lists ---- */

static const char *const func_names[SF_FUNC_COUNT] = {
#define SF_CALL(name, operation, presence) #name,
#define SF_NAMED SF_CALL
#define SF_ALIAS(name, of)
#include "core/calls.def"
#undef SF_CALL
#undef SF_NAMED
#undef SF_ALIAS
};

static void add_funcs(struct listing *listing, const uint64_t *funcs)
{
	char text[1024];
	struct sf_append words = sf_append_to(text, sizeof text);

	for (unsigned i = 0; i < SF_FUNC_COUNT; i++)
		if (funcs[i / 64] >> (i % 64) & 1)
			sf_append_format(&words, "%s%s", words.used ? " " : "", func_names[i]);
	sf_append_end(&words);
	add_text(listing, text);
}

static struct listing list_calls(void)
{
	static const struct column columns[] = {{"call", ONE}, {"functions", SEVERAL}, {NULL, ONE}};
	struct listing listing = listing_of(columns);

	for (int operation = 0; operation < SF_OPERATION_RULED; operation++) {
		uint64_t funcs[SF_FUNC_WORDS] = {0};

		for (unsigned i = 0; i < SF_FUNC_COUNT; i++)
			if (sf_func_rows[i].operation == operation && !sf_func_rows[i].by_name_only)
				funcs[i / 64] |= UINT64_C(1) << (i % 64);
		add_text(&listing, sf_operation_words[operation]);
		add_funcs(&listing, funcs);
	}
	return listing;
}

static const char *met_by(const struct sf_func_row *row)
{
	if (row->operation >= SF_OPERATION_RULED)
		return "recorded only";
	return row->by_name_only ? "met by func= only" : "met by its call";
}

static struct listing list_functions(void)
{
	static const struct column columns[] = {{"function", ONE}, {"call", ONE}, {"rules", ONE}, {NULL, ONE}};
	struct listing listing = listing_of(columns);

	for (unsigned i = 0; i < SF_FUNC_COUNT; i++) {
		add_text(&listing, sf_func_rows[i].name);
		add_text(&listing, sf_operation_words[sf_func_rows[i].operation]);
		add_text(&listing, met_by(&sf_func_rows[i]));
	}
	for (unsigned i = 0; sf_aliases[i][0]; i++) {
		int func = sf_func_find(sf_aliases[i][1], strlen(sf_aliases[i][1]));

		add_text(&listing, sf_aliases[i][0]);
		add_text(&listing, sf_operation_words[sf_func_rows[func].operation]);
		add(&listing, sf_print("another name of %s", sf_aliases[i][1]));
	}
	return listing;
}

static struct listing list_faults(void)
{
	static const struct column columns[] = {
	    {"fault", JSON_ONLY},
	    {"usage", ONE},
	    {"help", ONE},
	    {"calls", SEVERAL | JSON_ONLY},
	    {"types", SEVERAL | JSON_ONLY},
	    {"families", SEVERAL | JSON_ONLY},
	    {NULL, ONE}};
	struct listing listing = listing_of(columns);

	for (int i = 0; i < SF_FAULT_COUNT; i++) {
		const struct sf_fault *fault = sf_faults[i];

		add_text(&listing, sf_fault_words[i]);
		add_text(&listing, fault->usage);
		add_text(&listing, fault->help);
		add_bits(&listing, fault->operations, sf_operation_words, SF_OPERATION_RULED);
		add_bits(&listing, fault->types, sf_type_words, SF_TYPE_COUNT);
		add_bits(&listing, fault->families, sf_family_words, SF_FAMILY_COUNT);
	}
	return listing;
}

static unsigned first_func(const struct sf_fact *fact)
{
	unsigned i = 0;

	while (!(fact->funcs[i / 64] >> (i % 64) & 1))
		i++;
	return i;
}

static struct listing list_errnos(void)
{
	static const struct column columns[] = {
	    {"call", ONE},        {"errno", ONE},     {"functions", SEVERAL | JSON_ONLY},
	    {"sockets", SEVERAL}, {"modes", SEVERAL}, {"possible", ONE},
	    {"class", ONE},       {"when", ONE},      {"next", JSON_ONLY},
	    {"after", JSON_ONLY}, {"man", JSON_ONLY}, {NULL, ONE}};
	struct listing listing = listing_of(columns);

	for (size_t i = 0; i < sf_fact_count; i++) {
		const struct sf_fact *fact = &sf_facts[i];
		enum sf_operation operation = sf_func_rows[first_func(fact)].operation;
		bool is_any_mode = fact->modes == SF_BIT(SF_MODE_COUNT) - 1;

		add_text(&listing, sf_operation_words[operation]);
		add_text(&listing, operation == SF_RESOLVE ? sf_eai_name(fact->number) : sf_errno_name(fact->number));
		add_funcs(&listing, fact->funcs);
		if (fact->on == SF_ON_ANY)
			add_text(&listing, "any");
		else
			add_bits(&listing, fact->on, sf_on_words, SF_ON_COUNT);
		if (is_any_mode)
			add_text(&listing, "any");
		else
			add_bits(&listing, fact->modes, sf_mode_words, SF_MODE_COUNT);
		add_text(&listing, sf_possible_words[fact->possible]);
		add_text(&listing, sf_fact_text(fact->class_));
		add_text(&listing, sf_fact_text(fact->when));
		add_text(&listing, sf_fact_text(fact->next));
		add_text(&listing, sf_fact_text(fact->after));
		add_text(&listing, sf_fact_text(fact->man));
	}
	return listing;
}

static struct listing list_findings(void)
{
	static const struct column columns[] = {{"finding", ONE},     {"severity", ONE},     {"help", ONE},
	                                        {"hint", JSON_ONLY},  {"source", JSON_ONLY}, {"explain", JSON_ONLY},
	                                        {"rule", JSON_ONLY},  {"peer", JSON_ONLY},   {"arguments", JSON_ONLY},
	                                        {"wrong", JSON_ONLY}, {"right", JSON_ONLY},  {NULL, ONE}};
	struct listing listing = listing_of(columns);

	for (int i = 0; i < SF_FINDING_COUNT; i++) {
		const struct sf_finding *finding = sf_findings[i];

		add_text(&listing, sf_finding_words[i]);
		add_text(&listing, sf_severity_words[finding->severity]);
		add_text(&listing, finding->help);
		add_text(&listing, finding->hint);
		add_text(&listing, finding->source);
		add_text(&listing, finding->explain);
		add_text(&listing, finding->rule ? finding->rule : "");
		add_text(&listing, finding->peer ? finding->peer : "");
		add_text(&listing, finding->arguments ? finding->arguments : "");
		add_text(&listing, finding->wrong);
		add_text(&listing, finding->right);
	}
	return listing;
}

/* The first line of the head comment. */
static char *head_of(const char *path)
{
	char *text = sf_read_file(path, NULL), *line = text;

	while (line[0] == '#' && strstr(line, "SPDX") && strstr(line, "SPDX") < line + strcspn(line, "\n"))
		line += strcspn(line, "\n") + (strchr(line, '\n') != NULL);
	line += strspn(line, "# ");
	line[strcspn(line, "\n")] = '\0';
	char *head = sf_print("%s", line);

	free(text);
	return head;
}

static int is_scenario(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 6 && strcmp(entry->d_name + length - 6, ".fault") == 0;
}

static struct listing list_scenarios(void)
{
	static const struct column columns[] = {{"scenario", ONE}, {"description", ONE}, {"path", JSON_ONLY}, {NULL, ONE}};
	struct listing listing = listing_of(columns);
	const char *folder = sf_path_scenarios();
	struct dirent **entries;
	int count = folder ? scandir(folder, &entries, is_scenario, alphasort) : -1;

	if (count < 0)
		sf_die("the folder of the ready-made scenarios is missing: build or install sockfault again");
	for (int i = 0; i < count; i++) {
		char *path = sf_print("%s/%s", folder, entries[i]->d_name);

		add(&listing, sf_print("%.*s", (int)strlen(entries[i]->d_name) - 6, entries[i]->d_name));
		add(&listing, head_of(path));
		add(&listing, path);
		free(entries[i]);
	}
	free(entries);
	return listing;
}

static const struct {
	const char *name;
	struct listing (*list)(void);
} lists[] = {
    {"calls", list_calls},       {"functions", list_functions}, {"faults", list_faults},
    {"findings", list_findings}, {"errnos", list_errnos},       {"scenarios", list_scenarios},
};

_Noreturn static void refuse_list(const struct sf_words *words, const char *name)
{
	struct sf_near near = sf_near_to(name, strlen(name));

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		sf_near_offer(&near, lists[i].name);
	if (sf_near_found(&near))
		sf_words_refuse(words, "there is no list '%s'; did you mean %s?", name, sf_near_found(&near));
	sf_words_refuse(words, "there is no list '%s': calls, functions, faults, findings, errnos or scenarios", name);
}

int sf_cmd_list(int argc, char **argv)
{
	struct sf_words words;
	bool is_json = false;

	sf_words_begin(&words, argc, argv);
	for (enum sf_option option; (option = sf_words_next(&words));)
		is_json |= option == SF_OPTION_JSON;
	if (words.operand_count != 1)
		sf_words_refuse(&words, "one of calls, functions, faults, findings, errnos and scenarios is to be named");
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		if (strcmp(words.operands[0], lists[i].name) != 0)
			continue;
		struct listing listing = lists[i].list();

		if (is_json)
			put_objects(&listing);
		else
			put_columns(&listing);
		sf_output_flush(&out);
		return SF_STATUS_GOOD;
	}
	refuse_list(&words, words.operands[0]);
}
