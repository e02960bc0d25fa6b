/* SPDX-License-Identifier: MIT
 *
 * sites.c -- reads line tables as objdump(1) decodes them: DWARF has five versions, and binutils knows them all.
 * Addresses there are offsets from the load address, as sites have them; a fixed-position program's load address is 0.
 */
#include "cli/sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "cli/library.h"
#include "cli/target.h"

/* One rule's wish, and the set that the spans go to. */
struct search {
	struct sf_ruleset *set;
	char *file; /* last component of the path in the rule */
	unsigned long line;
	const char *object; /* of the file being read */
	struct sf_text object_text;
	uint64_t from; /* beginning of the span being read, with is_open */
	bool is_open, has_failed;
	uint32_t found;
};

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct sf_text keep_text(struct sf_ruleset *set, const char *text)
{
	struct sf_text kept = {set->text_used, (uint32_t)strlen(text)};

	if (kept.length > sizeof set->text - set->text_used)
		sf_die("the rules are too long for the names of their sites");
	memcpy(set->text + kept.at, text, kept.length);
	set->text_used += kept.length;
	return kept;
}

static void add_span(struct search *search, uint64_t low, uint64_t high)
{
	struct sf_ruleset *set = search->set;

	if (set->site_count == SF_SITES_MAX)
		sf_die("site= names more than %d pieces of code: name fewer lines", SF_SITES_MAX);
	if (!search->object_text.length)
		search->object_text = keep_text(set, search->object);
	set->sites[set->site_count++] = (struct sf_site_span){search->object_text, low, high};
	search->found++;
}

/* "file.c    12   0x1139   x": a row reaches to the address of the next one; "-" for the line ends a sequence. */
static void read_row(struct search *search, char *row)
{
	char *address = strstr(row, " 0x");
	uint64_t at = address ? strtoull(address + 1, NULL, 16) : 0;

	if (!address)
		return;
	if (search->is_open && at > search->from)
		add_span(search, search->from, at - 1);
	while (address > row && address[-1] == ' ')
		*--address = '\0';
	char *number = strrchr(row, ' ');
	unsigned long line = number ? strtoul(number + 1, NULL, 10) : 0;

	while (number && number > row && *number == ' ')
		*number-- = '\0';
	bool is_open = line == search->line && strcmp(last_component(row), search->file) == 0;

	search->is_open = is_open;
	search->from = at;
}

static bool read_object(void *user, const struct sf_library *library)
{
	struct search *search = user;
	char *path = sf_quote(library->path);
	char *command = sf_print("exec objdump --dwarf=decodedline --wide %s 2>/dev/null", path);
	FILE *rows = library->path[0] ? popen(command, "re") : NULL;
	char *row = NULL;
	size_t room = 0;

	search->object = last_component(library->path);
	search->object_text.length = 0;
	search->is_open = false;
	while (rows && getline(&row, &room, rows) > 0)
		read_row(search, row);
	int status = rows ? pclose(rows) : 0;

	search->has_failed |= WIFEXITED(status) && WEXITSTATUS(status) == SF_STATUS_NOT_FOUND;
	free(row);
	free(command);
	free(path);
	return !search->has_failed;
}

static void resolve(struct sf_ruleset *set, struct sf_rule *rule, const char *program)
{
	char *written = sf_print("%.*s", (int)rule->site.length, sf_text_of(set, rule->site));
	char *colon = strrchr(written, ':');
	struct search search = {.set = set};

	if (!colon)
		sf_die("site=%s: neither OBJECT+0xOFFSET nor FILE:LINE", written);
	*colon = '\0';
	search.file = sf_print("%s", last_component(written));
	search.line = strtoul(colon + 1, NULL, 10);
	rule->sites_at = set->site_count;
	sf_library_walk(program, false, read_object, &search);
	if (search.has_failed)
		sf_die("site=%s:%lu wants objdump, to find the line's code: install binutils", written, search.line);
	if (!search.found)
		sf_die(
		    "site=%s:%lu: %s and its libraries have no code of that line; were they compiled with -g?", written,
		    search.line, program);
	rule->site_count = search.found;
	free(search.file);
	free(written);
}

void sf_sites_resolve(struct sf_ruleset *set, const char *command)
{
	struct sf_target *target = NULL;

	for (uint32_t i = 0; i < set->count; i++) {
		struct sf_rule *rule = &set->rules[i];

		if (!sf_rule_has(rule, SF_CONDITION_SITE) || rule->site_count)
			continue;
		if (!target) {
			target = sf_allocate(sizeof *target);
			sf_target_find(target, command);
		}
		resolve(set, rule, sf_target_program(target));
	}
	if (target)
		sf_target_close(target);
	free(target);
}
