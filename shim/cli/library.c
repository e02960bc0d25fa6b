/* SPDX-License-Identifier: MIT
 *
 * library.c -- the search order of ld.so(8), on files. A candidate counts only if it is for the same machine and word
 * size, as for the loader itself. /etc/ld.so.cache is read in glibc's format; a cache of another format is passed over.
 */
#include "cli/library.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE "/etc/ld.so.cache"
#define CACHE_MAGIC "glibc-ld.so.cache1.1"
#define CACHE_MAGIC_OLD "ld.so-1.7.0"
#define LIBRARIES_MAX 512

struct search {
	const struct sf_elf *elf; /* that needs it */
	const char *path;         /* of that file: $ORIGIN */
	const char *name;
	char *found;
	size_t size;
};

static bool fits(const struct search *s, const char *candidate)
{
	struct sf_elf elf;

	if (!sf_elf_open(&elf, candidate))
		return false;
	bool same = elf.is_elf && elf.wide == s->elf->wide && elf.machine == s->elf->machine;

	sf_elf_close(&elf);
	if (same)
		snprintf(s->found, s->size, "%s", candidate);
	return same;
}

/* One folder of a search path, with $ORIGIN and ${ORIGIN} put in. */
static bool in_folder(const struct search *s, const char *folder, size_t length)
{
	char candidate[PATH_MAX];
	const char *slash = strrchr(s->path, '/');
	size_t mark = 0;

	if (length >= 7 && memcmp(folder, "$ORIGIN", 7) == 0)
		mark = 7;
	else if (length >= 9 && memcmp(folder, "${ORIGIN}", 9) == 0)
		mark = 9;
	int used = snprintf(
	    candidate, sizeof candidate, "%.*s%.*s/%s", mark && slash ? (int)(slash - s->path) : 0, s->path,
	    (int)(length - mark), folder + mark, s->name);

	return used < (int)sizeof candidate && fits(s, candidate);
}

static bool in_folders(const struct search *s, const char *folders)
{
	for (const char *end; folders; folders = *end ? end + 1 : NULL) {
		end = folders + strcspn(folders, ":;");
		if (in_folder(s, end > folders ? folders : ".", end > folders ? (size_t)(end - folders) : 1))
			return true;
	}
	return false;
}

struct cache_header {
	char magic[20];
	uint32_t count, strings;
	uint32_t reserved[5];
};

struct cache_entry {
	int32_t flags;
	uint32_t key, value; /* offsets from the header */
	uint32_t os;
	uint64_t hardware;
};

/* The new format may stand behind an old one, which says how long it is. */
static const char *cache_of(const struct sf_elf *file, size_t *size)
{
	const char *at = (const char *)file->data;
	size_t skip = 0;
	uint32_t old;

	if (file->size > 16 && memcmp(at, CACHE_MAGIC_OLD, sizeof CACHE_MAGIC_OLD - 1) == 0) {
		memcpy(&old, at + 12, sizeof old);
		skip = (16 + (size_t)old * 12 + 7) / 8 * 8;
	}
	if (skip > file->size || file->size - skip < sizeof(struct cache_header) ||
	    memcmp(at + skip, CACHE_MAGIC, sizeof CACHE_MAGIC - 1) != 0)
		return NULL;
	*size = file->size - skip;
	return at + skip;
}

static bool in_cache_file(const struct search *s, const struct sf_elf *file)
{
	size_t size;
	const char *cache = cache_of(file, &size);
	struct cache_header header;
	struct cache_entry entry;

	if (!cache)
		return false;
	memcpy(&header, cache, sizeof header);
	for (uint32_t i = 0; i < header.count && (i + UINT64_C(1)) * sizeof entry + sizeof header <= size; i++) {
		memcpy(&entry, cache + sizeof header + i * sizeof entry, sizeof entry);
		if (entry.key >= size || entry.value >= size || !memchr(cache + entry.key, '\0', size - entry.key) ||
		    !memchr(cache + entry.value, '\0', size - entry.value))
			continue;
		if (strcmp(cache + entry.key, s->name) == 0 && fits(s, cache + entry.value))
			return true;
	}
	return false;
}

/* musl's libc is its loader, whatever name a program needs it by. */
static bool is_the_loader(const struct search *s)
{
	const char *loader = sf_elf_loader(s->elf);

	return loader && strstr(loader, "/ld-musl-") && strncmp(s->name, "libc.", 5) == 0 && fits(s, loader);
}

static bool in_cache(const struct search *s)
{
	struct sf_elf file;
	bool found = sf_elf_open(&file, CACHE) && in_cache_file(s, &file);

	sf_elf_close(&file);
	return found;
}

bool sf_library_find(const struct sf_elf *elf, const char *path, const char *name, char *found, size_t size)
{
	const struct search s = {elf, path, name, found, size};
	const char *rpath = sf_elf_string(elf, DT_RPATH, 0), *runpath = sf_elf_string(elf, DT_RUNPATH, 0);

	if (strchr(name, '/'))
		return fits(&s, name);
	return is_the_loader(&s) || (!runpath && in_folders(&s, rpath)) || in_folders(&s, getenv("LD_LIBRARY_PATH")) ||
	       in_folders(&s, runpath) || in_cache(&s) ||
	       in_folders(&s, elf->wide ? "/lib64:/usr/lib64:/lib:/usr/lib" : "/lib:/usr/lib");
}

/* ---- the walk ---- */

struct entry {
	char *name, *path;
	unsigned needed_by; /* place in the list */
};

struct list {
	struct entry entries[LIBRARIES_MAX];
	unsigned count;
	bool libc;
};

static bool is_libc(const char *name)
{
	return strncmp(name, "libc.", 5) == 0 || strncmp(name, "ld-", 3) == 0 || strncmp(name, "ld64", 4) == 0;
}

static bool known(const struct list *list, const char *name)
{
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].name, name) == 0)
			return true;
	return false;
}

static void append(struct list *list, const char *name, const char *path, unsigned needed_by)
{
	struct entry entry = {strdup(name), strdup(path), needed_by};

	if (list->count < LIBRARIES_MAX && entry.name && entry.path) {
		list->entries[list->count++] = entry;
		return;
	}
	free(entry.name);
	free(entry.path);
}

static void append_needed(struct list *list, unsigned from, const struct sf_elf *elf)
{
	const char *name;

	for (unsigned i = 0; (name = sf_elf_string(elf, DT_NEEDED, i)); i++) {
		char path[PATH_MAX] = "";

		if (known(list, name) || (is_libc(name) && !list->libc))
			continue;
		if (!sf_library_find(elf, list->entries[from].path, name, path, sizeof path))
			path[0] = '\0';
		append(list, name, path, from);
	}
}

static bool
visit_one(struct list *list, unsigned n, bool (*visit)(void *user, const struct sf_library *library), void *user)
{
	const struct entry *entry = &list->entries[n];
	struct sf_elf elf = {0};
	bool readable = *entry->path && sf_elf_open(&elf, entry->path);
	const char *needed_by = n ? list->entries[entry->needed_by].name : NULL;
	bool more = visit(user, &(struct sf_library){entry->name, entry->path, needed_by, readable ? &elf : NULL});

	if (more && readable)
		append_needed(list, n, &elf);
	sf_elf_close(&elf);
	return more;
}

void sf_library_walk(
    const char *program, bool libc, bool (*visit)(void *user, const struct sf_library *library), void *user)
{
	struct list *list = calloc(1, sizeof *list);
	const char *slash = strrchr(program, '/');

	if (!list)
		return;
	list->libc = libc;
	append(list, slash ? slash + 1 : program, program, 0);
	for (unsigned i = 0; i < list->count && visit_one(list, i, visit, user); i++)
		;
	for (unsigned i = 0; i < list->count; i++) {
		free(list->entries[i].name);
		free(list->entries[i].path);
	}
	free(list);
}
