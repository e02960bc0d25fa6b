/* SPDX-License-Identifier: MIT
 *
 * lines.c -- see lines.h. The addresses of an object go to addr2line through a file in memory, so that neither side can
 * wait for the other. Whatever comes back is taken for what it is: lines that do not fit are left out.
 */
#include "cli/lines.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/elf.h"
#include "cli/output.h"
#include "core/names.h"
#include "core/operation.h"

#define LEVELS 16

struct entry {
	uint32_t site;
	bool is_done;
	const char *path; /* of the object: the reader's, cut to fit by sf_site's writer; not NUL-terminated where full */
	uint64_t offset;
	struct sf_line *levels; /* with their texts */
	size_t count;
};

struct sf_lines {
	const struct sf_reader *reader;
	struct entry *entries; /* by site, once resolved */
	size_t count, room;
	bool *wanted; /* by site */
	uint32_t wanted_room;
};

#define PATH_SIZE sizeof(((struct sf_object *)0)->path)

/* The programs that can do it, the best one first. */
static const struct tool {
	const char *name;
	const char *options[6];
	bool has_columns; /* FILE:LINE:COLUMN */
} tools[] = {
    {"addr2line", {"-a", "-f", "-i", "-C"}, false},
    {"eu-addr2line", {"-a", "-f", "-C"}, true},
    {"llvm-addr2line", {"-a", "-f", "-i", "-C"}, false},
};

struct sf_lines *sf_lines_new(const struct sf_reader *reader)
{
	struct sf_lines *lines = sf_allocate(sizeof *lines);

	*lines = (struct sf_lines){.reader = reader};
	return lines;
}

static void forget(struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		free((char *)(uintptr_t)entry->levels[i].function);
		free((char *)(uintptr_t)entry->levels[i].file);
	}
	free(entry->levels);
}

void sf_lines_free(struct sf_lines *lines)
{
	for (size_t i = 0; lines && i < lines->count; i++)
		forget(&lines->entries[i]);
	if (lines) {
		free(lines->entries);
		free(lines->wanted);
	}
	free(lines);
}

static void *grow(void *array, size_t size)
{
	void *larger = realloc(array, size);

	if (!larger)
		sf_die("out of memory");
	return larger;
}

/* True: for the first time. */
static bool mark(struct sf_lines *lines, uint32_t site)
{
	if (site >= lines->wanted_room) {
		uint32_t room = sf_reader_count(lines->reader, SF_SITES) + 1;

		lines->wanted = grow(lines->wanted, room * sizeof *lines->wanted);
		memset(lines->wanted + lines->wanted_room, 0, (room - lines->wanted_room) * sizeof *lines->wanted);
		lines->wanted_room = room;
	}
	if (lines->wanted[site])
		return false;
	lines->wanted[site] = true;
	return true;
}

void sf_lines_want(struct sf_lines *lines, uint32_t index)
{
	const struct sf_site *site = sf_reader_site(lines->reader, index);
	const struct sf_object *object = site ? sf_reader_object(lines->reader, site->object) : NULL;

	if (!object || index > sf_reader_count(lines->reader, SF_SITES) || !mark(lines, index))
		return;
	if (lines->count == lines->room) {
		lines->room = lines->room ? lines->room * 2 : 64;
		lines->entries = grow(lines->entries, lines->room * sizeof *lines->entries);
	}
	lines->entries[lines->count++] = (struct entry){.site = index, .path = object->path, .offset = site->offset};
}

void sf_lines_want_all(struct sf_lines *lines)
{
	uint32_t count = sf_reader_count(lines->reader, SF_SITES);

	for (uint32_t i = 1; i <= count; i++)
		sf_lines_want(lines, i);
}

static const char *base_of(const char *path)
{
	const char *slash = memrchr(path, '/', strnlen(path, PATH_SIZE));

	return slash ? slash + 1 : path;
}

/* ---- asking ---- */

static int by_place(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = a->is_done != b->is_done ? (int)a->is_done - (int)b->is_done : strncmp(a->path, b->path, PATH_SIZE);

	return order ? order : (a->offset > b->offset) - (a->offset < b->offset);
}

static int by_site(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return (a->site > b->site) - (a->site < b->site);
}

static char *copy(const char *text, size_t length)
{
	char *made = sf_allocate(length + 1);

	memcpy(made, text, length);
	made[length] = '\0';
	return made;
}

static const struct tool *find_tool(void)
{
	const char *folders = getenv("PATH");
	char path[4096];

	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
		for (const char *at = folders ? folders : "/usr/bin"; *at; at += strspn(at, ":")) {
			size_t length = strcspn(at, ":");

			snprintf(path, sizeof path, "%.*s/%s", (int)length, at, tools[i].name);
			if (length && access(path, X_OK) == 0)
				return &tools[i];
			at += length;
		}
	return NULL;
}

/* The addresses, one a line, to be read from the beginning. */
static int write_addresses(const struct entry *entries, size_t count)
{
	int fd = memfd_create("addresses", MFD_CLOEXEC);
	FILE *out = fd < 0 ? NULL : fdopen(dup(fd), "w");

	for (size_t i = 0; out && i < count; i++)
		if (i == 0 || entries[i].offset != entries[i - 1].offset)
			fprintf(out, "0x%llx\n", (unsigned long long)entries[i].offset - (entries[i].offset > 0));
	if (out)
		fclose(out);
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static FILE *start(const struct tool *tool, const char *path, int in, pid_t *pid)
{
	const char *argv[12] = {tool->name};
	posix_spawn_file_actions_t actions;
	int ends[2], n = 1;

	for (int i = 0; tool->options[i]; i++)
		argv[n++] = tool->options[i];
	argv[n++] = "-e";
	argv[n++] = path;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	int error = posix_spawnp(pid, tool->name, &actions, NULL, (char *const *)(uintptr_t)argv, environ);

	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	FILE *answers = error ? NULL : fdopen(ends[0], "r");

	if (!answers)
		close(ends[0]);
	return answers;
}

/* "dir/file.c:42 (discriminator 3)": cuts the number off. */
static unsigned take_number(char *place)
{
	char *colon = strrchr(place, ':');

	if (!colon || (!isdigit((unsigned char)colon[1]) && colon[1] != '?'))
		return 0;
	*colon = '\0';
	return (unsigned)strtoul(colon + 1, NULL, 10);
}

static void add_level(struct entry *entry, const char *function, char *place, bool has_columns)
{
	char *note = strstr(place, " (");

	if (entry->count == LEVELS)
		return;
	if (note)
		*note = '\0';
	unsigned line = take_number(place), before = has_columns ? take_number(place) : 0;
	bool is_known = *place && strncmp(place, "??", 2) != 0;

	/* Without a line its function is a guess: the symbol before, however far. */
	entry->levels[entry->count++] = (struct sf_line){
	    .function = !is_known || strcmp(function, "??") == 0 ? NULL : copy(function, strlen(function)),
	    .file = is_known ? copy(place, strlen(place)) : NULL,
	    .line = !is_known ? 0
	            : before  ? before
	                      : line};
}

static bool read_word(FILE *answers, char **word, size_t *room)
{
	ssize_t length = getline(word, room, answers);

	if (length <= 0)
		return false;
	if ((*word)[length - 1] == '\n')
		(*word)[length - 1] = '\0';
	return true;
}

/* For each address its own line, then pairs of function and place, the innermost first. */
static void read_answers(FILE *answers, const struct tool *tool, struct entry *entries, size_t count)
{
	char *function = NULL, *place = NULL;
	size_t function_room = 0, place_room = 0;
	struct entry *entry = NULL, *next = entries;

	while (read_word(answers, &function, &function_room)) {
		if (strncmp(function, "0x", 2) == 0) {
			while (entry && next < entries + count && next->offset == entry->offset)
				next++; /* the same place by another number: copied later */
			entry = next < entries + count ? next++ : NULL;
			if (entry && !entry->levels)
				entry->levels = sf_allocate(LEVELS * sizeof *entry->levels);
			continue;
		}
		if (!read_word(answers, &place, &place_room))
			break;
		if (entry)
			add_level(entry, function, place, tool->has_columns);
	}
	free(function);
	free(place);
}

static void ask(const struct tool *tool, const char *path, struct entry *entries, size_t count)
{
	int in = write_addresses(entries, count);
	pid_t pid = 0;
	FILE *answers = in < 0 ? NULL : start(tool, path, in, &pid);

	if (answers) {
		read_answers(answers, tool, entries, count);
		fclose(answers);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (in >= 0)
		close(in);
}

/* ---- what it did not know ---- */

/* Of the outermost function, which is the one that has a symbol. */
static void name_function(struct entry *entry, const struct sf_elf *elf)
{
	uint64_t into, address = entry->offset - (entry->offset > 0);
	const char *name = sf_elf_function(elf, address, &into);

	if (!entry->levels)
		entry->levels = sf_allocate(LEVELS * sizeof *entry->levels);
	if (!entry->count)
		entry->levels[entry->count++] = (struct sf_line){0};
	struct sf_line *line = &entry->levels[entry->count - 1];

	if (!name)
		return;
	if (!line->function)
		line->function = copy(name, strlen(name));
	line->into = into + (entry->offset > 0);
}

static void complete(const char *path, struct entry *entries, size_t count)
{
	struct sf_elf elf = {0};
	bool is_open = false;

	for (size_t i = 0; i < count; i++) {
		if (entries[i].count && entries[i].levels[entries[i].count - 1].file)
			continue;
		if (!is_open && !sf_elf_open(&elf, path))
			elf = (struct sf_elf){0};
		is_open = true;
		name_function(&entries[i], &elf);
	}
	if (is_open)
		sf_elf_close(&elf);
}

/* Sites of several processes may be one place. */
static void share(struct entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct entry *same = &entries[i - 1];

		if (entries[i].count || entries[i].offset != same->offset || !same->count)
			continue;
		entries[i].levels = sf_allocate(LEVELS * sizeof *entries[i].levels);
		for (; entries[i].count < same->count; entries[i].count++) {
			struct sf_line *line = &entries[i].levels[entries[i].count];

			*line = same->levels[entries[i].count];
			line->function = line->function ? copy(line->function, strlen(line->function)) : NULL;
			line->file = line->file ? copy(line->file, strlen(line->file)) : NULL;
		}
	}
}

static void resolve_object(const struct tool *tool, struct entry *entries, size_t count)
{
	char *path = copy(entries[0].path, strnlen(entries[0].path, PATH_SIZE));

	if (tool && path[0] == '/' && access(path, R_OK) == 0)
		ask(tool, path, entries, count);
	share(entries, count);
	complete(path, entries, count);
	for (size_t i = 0; i < count; i++)
		entries[i].is_done = true;
	free(path);
}

void sf_lines_resolve(struct sf_lines *lines)
{
	static bool is_said;
	const struct tool *tool = find_tool();
	size_t from = 0;

	if (!lines->count)
		return;
	if (!tool && !is_said)
		sf_warn("without addr2line there are no source lines, only functions: install binutils");
	is_said |= !tool;
	qsort(lines->entries, lines->count, sizeof *lines->entries, by_place);
	while (from < lines->count && !lines->entries[from].is_done) {
		size_t to = from + 1;

		while (to < lines->count && !lines->entries[to].is_done &&
		       strncmp(lines->entries[to].path, lines->entries[from].path, PATH_SIZE) == 0)
			to++;
		resolve_object(tool, lines->entries + from, to - from);
		from = to;
	}
	qsort(lines->entries, lines->count, sizeof *lines->entries, by_site);
}

/* ---- telling ---- */

static const struct entry *entry_of(const struct sf_lines *lines, uint32_t site)
{
	const struct entry key = {.site = site};
	bool is_known = site < lines->wanted_room && lines->wanted[site];

	return is_known ? bsearch(&key, lines->entries, lines->count, sizeof key, by_site) : NULL;
}

const struct sf_reader *sf_lines_reader(const struct sf_lines *lines)
{
	return lines->reader;
}

size_t sf_lines_of(const struct sf_lines *lines, uint32_t site, const struct sf_line **levels)
{
	const struct entry *entry = entry_of(lines, site);

	*levels = entry ? entry->levels : NULL;
	return entry ? entry->count : 0;
}

size_t sf_line_place(const struct sf_lines *lines, uint32_t site, const struct sf_line *line, char *buffer, size_t size)
{
	if (line && line->file && line->line)
		return (size_t)snprintf(buffer, size, "%s:%u", base_of(line->file), line->line);
	if (line && line->function)
		return (size_t)snprintf(buffer, size, "%s+0x%llx", line->function, (unsigned long long)line->into);
	return sf_reader_place(lines->reader, site, buffer, size);
}

/* ---- all of them ---- */

#define PUT(out, literal) sf_put(out, literal, sizeof(literal) - 1)

static void put_text(struct sf_output *out, const char *text)
{
	if (text)
		sf_put_json(out, text, strlen(text));
	else
		PUT(out, "null");
}

static void put_line(struct sf_output *out, const struct sf_line *line)
{
	PUT(out, "\"function\":");
	put_text(out, line->function);
	PUT(out, ",\"file\":");
	put_text(out, line->file);
	PUT(out, ",\"line\":");
	if (line->line)
		sf_put_number(out, line->line);
	else
		PUT(out, "null");
}

static void put_place(struct sf_output *out, const struct sf_lines *lines, uint32_t site)
{
	char place[300];

	sf_reader_place(lines->reader, site, place, sizeof place);
	put_text(out, place);
}

static void print_entry(struct sf_output *out, const struct sf_lines *lines, const struct entry *entry)
{
	static const struct sf_line nothing;

	PUT(out, "{\"site\":");
	put_place(out, lines, entry->site);
	PUT(out, ",\"path\":");
	sf_put_json(out, entry->path, strnlen(entry->path, PATH_SIZE));
	PUT(out, ",");
	put_line(out, entry->count ? &entry->levels[0] : &nothing);
	PUT(out, ",\"inlined_into\":[");
	for (size_t i = 1; i < entry->count; i++) {
		sf_put_text(out, i > 1 ? ",{" : "{");
		put_line(out, &entry->levels[i]);
		PUT(out, "}");
	}
	PUT(out, "]}\n");
}

/* Stacks that were printed: hash and function. */
struct stacks {
	uint64_t *seen;
	size_t count, room;
};

static bool is_new(struct stacks *stacks, const struct sf_event *event)
{
	uint64_t one = (uint64_t)event->what << 32 | event->stack;

	for (size_t i = 0; i < stacks->count; i++)
		if (stacks->seen[i] == one)
			return false;
	if (stacks->count == stacks->room) {
		stacks->room = stacks->room ? stacks->room * 2 : 64;
		stacks->seen = grow(stacks->seen, stacks->room * sizeof *stacks->seen);
	}
	stacks->seen[stacks->count++] = one;
	return true;
}

static void print_stack(struct sf_output *out, const struct sf_lines *lines, const struct sf_seen *seen)
{
	static const struct sf_line nothing;
	uint32_t frames[SF_EXTENSION_ROOM / sizeof(uint32_t)];
	size_t count =
	    sf_reader_extension(lines->reader, seen, SF_EXTENSION_STACK, frames, sizeof frames) / sizeof frames[0];
	const char *call = sf_func_rows[seen->event.what].name;
	const struct sf_line *level;

	if (!count)
		return;
	size_t own = sf_lines_own(lines, frames, count, call, &level);

	PUT(out, "{\"stack\":\"");
	sf_put_hex(out, seen->event.stack, 8);
	PUT(out, "\",\"func\":");
	put_text(out, call);
	PUT(out, ",\"own\":");
	put_place(out, lines, frames[own]);
	PUT(out, ",");
	put_line(out, level ? level : &nothing);
	for (size_t i = 0; i < count; i++) {
		sf_put_text(out, i ? "," : ",\"frames\":[");
		put_place(out, lines, frames[i]);
	}
	PUT(out, "]}\n");
}

void sf_lines_print(struct sf_output *out, struct sf_reader *reader, const struct sf_lines *lines)
{
	struct stacks stacks = {0};
	struct sf_seen seen;

	for (size_t i = 0; i < lines->count; i++)
		print_entry(out, lines, &lines->entries[i]);
	sf_reader_rewind(reader);
	while (sf_reader_next(reader, &seen))
		if (seen.event.what < SF_FUNC_COUNT && seen.event.stack && is_new(&stacks, &seen.event))
			print_stack(out, lines, &seen);
	free(stacks.seen);
}
