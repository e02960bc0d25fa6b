/* SPDX-License-Identifier: MIT
 *
 * rules.c -- finds and reads the rules of a command line; core/parse.c understands them.
 */
#include "cli/rules.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/parse.h"

#define SCENARIOS_MAX 256

/* Rules are few and the set is large: memory that is not touched costs nothing. */
struct sf_ruleset *sf_rules_new(void)
{
	static SF_LARGE struct sf_ruleset sets[2];
	static unsigned used;

	if (used == sizeof sets / sizeof sets[0])
		sf_die("out of sets of rules");
	/* Written before it is read, the first page takes one fault in place of two. */
	sets[used].count = 0;
	__asm__("" ::: "memory");
	return &sets[used++];
}

static bool parse(struct sf_ruleset *set, const char *source, const char *text, size_t length, const char *extra)
{
	struct sf_diagnostic why;
	char shown[1024];

	if (sf_parse(set, source, text, length, extra, &why))
		return true;
	sf_diagnostic_print(&why, shown, sizeof shown);
	fprintf(stderr, "%s", shown);
	sf_trouble_note("%s", shown);
	return false;
}

bool sf_rules_add_text(struct sf_ruleset *set, const char *source, const char *text)
{
	return parse(set, source, text, strlen(text), NULL);
}

/* The scenario nearest to a mistyped name, newly allocated; NULL if there is none. */
static char *near_scenario(const char *name)
{
	const char *folder_name = sf_path_scenarios();
	DIR *folder = folder_name ? opendir(folder_name) : NULL;
	const char *names[SCENARIOS_MAX];
	size_t count = 0;

	for (struct dirent *entry; folder && count < SCENARIOS_MAX && (entry = readdir(folder));) {
		const char *end = strrchr(entry->d_name, '.');

		if (end && strcmp(end, ".fault") == 0)
			names[count++] = sf_print("%.*s", (int)(end - entry->d_name), entry->d_name);
	}
	if (folder)
		closedir(folder);
	const char *near = sf_nearest(name, names, count);
	char *copy = near ? sf_print("%s", near) : NULL;

	while (count)
		free((char *)(uintptr_t)names[--count]);
	return copy;
}

static void refuse_name(const char *name)
{
	char *near = strchr(name, '/') ? NULL : near_scenario(name);

	if (near)
		sf_warn("there is no scenario '%s'; did you mean %s?", name, near);
	else
		sf_warn("there is no scenario '%s', by file or by name (see sockfault list scenarios)", name);
	free(near);
}

bool sf_rules_add_scenario(struct sf_ruleset *set, const char *word)
{
	/* A file may have blanks in its name: then the whole word is the name. */
	size_t width = access(word, F_OK) == 0 ? strlen(word) : strcspn(word, " \t");
	char *name = sf_print("%.*s", (int)width, word);
	const char *extra = word + width + strspn(word + width, " \t");
	char *path = sf_path_scenario(name);
	bool good = path != NULL;

	if (good) {
		size_t length;
		char *text = sf_read_file(path, &length);

		good = parse(set, path, text, length, *extra ? extra : NULL);
		free(text);
	} else {
		refuse_name(name);
	}
	free(path);
	free(name);
	return good;
}
