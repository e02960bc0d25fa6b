/* SPDX-License-Identifier: MIT
 *
 * heir.c -- see heir.h. Runs between fork and exec and in vfork children: no allocation, no libc but string functions.
 */
#include "heir.h"

#include <string.h>

#include "evlog.h"
#include "self.h"
#include "sys.h"
#include "track.h"

#define PRELOAD "LD_PRELOAD="
#define ARENA "SOCKFAULT_ARENA="

static const char *library_path, *arena_path;
static bool started;

void sf_heir_start(const char *library, const char *arena)
{
	library_path = library;
	arena_path = arena;
	started = library[0] && arena[0];
}

static const char *value_of(const char *entry, const char *name)
{
	size_t length = strlen(name);

	return strncmp(entry, name, length) == 0 ? entry + length : NULL;
}

static const char *find(char *const envp[], const char *name)
{
	for (size_t i = 0; envp && envp[i]; i++)
		if (value_of(envp[i], name))
			return value_of(envp[i], name);
	return NULL;
}

/* Is the library one of the colon- or blank-separated paths? */
static bool names_library(const char *preload)
{
	size_t length = strlen(library_path);

	for (const char *at = preload; at && (at = strstr(at, library_path)); at += length) {
		bool begins = at == preload || at[-1] == ':' || at[-1] == ' ';

		if (begins && (at[length] == '\0' || at[length] == ':' || at[length] == ' '))
			return true;
	}
	return false;
}

static size_t arena_length(const char *value)
{
	const char *mark = value ? strchr(value, '#') : NULL;

	return mark ? (size_t)(mark - value) : value ? strlen(value) : 0;
}

static bool is_complete(char *const envp[])
{
	const char *preload = find(envp, PRELOAD);
	const char *arena = find(envp, ARENA);

	return preload && names_library(preload) && arena && arena_length(arena) == strlen(arena_path) &&
	       strncmp(arena, arena_path, strlen(arena_path)) == 0;
}

#define MARK_ROOM 16 /* "#" and a record's index */

bool sf_heir_measure(char *const envp[], size_t *pointers, size_t *bytes)
{
	const char *preload = find(envp, PRELOAD);
	size_t n = 0;

	if (!started)
		return false;
	while (envp && envp[n])
		n++;
	*pointers = n + 3;
	*bytes = sizeof PRELOAD + strlen(library_path) + 1 + (preload ? strlen(preload) : 0) + sizeof ARENA +
	         strlen(arena_path) + MARK_ROOM;
	return true;
}

static char *append(char *to, const char *text)
{
	size_t length = strlen(text);

	memcpy(to, text, length + 1);
	return to + length;
}

static char *append_number(char *to, uint32_t number)
{
	char digits[12];
	int n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n--)
		*to++ = digits[n];
	*to = '\0';
	return to;
}

void sf_heir_environment(char *const envp[], uint32_t child, char **pointers, char *bytes)
{
	const char *preload = find(envp, PRELOAD);
	size_t n = 0;

	for (size_t i = 0; envp && envp[i]; i++)
		if (!value_of(envp[i], PRELOAD) && !value_of(envp[i], ARENA))
			pointers[n++] = envp[i];
	pointers[n++] = bytes;
	bytes = append(bytes, PRELOAD);
	if (!preload || !names_library(preload)) {
		bytes = append(bytes, library_path);
		if (preload && *preload)
			bytes = append(append(bytes, ":"), preload);
	} else {
		bytes = append(bytes, preload);
	}
	pointers[n++] = ++bytes;
	bytes = append(append(bytes, ARENA), arena_path);
	if (child)
		append_number(append(bytes, "#"), child);
	pointers[n] = NULL;
}

static size_t append_quoted(char *text, size_t size, size_t used, const char *value)
{
	for (; *value; value++) {
		const char *piece = *value == '\'' ? "'\\''" : (char[2]){*value, '\0'};

		for (; *piece; piece++, used++)
			if (used < size)
				text[used] = *piece;
	}
	return used;
}

static size_t append_plain(char *text, size_t size, size_t used, const char *value)
{
	for (; *value; value++, used++)
		if (used < size)
			text[used] = *value;
	return used;
}

size_t sf_heir_shell_prefix(char *const envp[], char *text, size_t size)
{
	const char *preload = find(envp, PRELOAD);
	size_t used = 0;

	if (started && !is_complete(envp)) {
		used = append_plain(text, size, used, "export LD_PRELOAD='");
		used = append_quoted(text, size, used, library_path);
		if (preload && *preload && !names_library(preload)) {
			used = append_plain(text, size, used, ":");
			used = append_quoted(text, size, used, preload);
		}
		used = append_plain(text, size, used, "' SOCKFAULT_ARENA='");
		used = append_quoted(text, size, used, arena_path);
		used = append_plain(text, size, used, "'; ");
	}
	if (used < size)
		text[used] = '\0';
	return used + 1;
}

/* ---- records ahead ---- */

static void note_path(struct sf_process *process, const char *path)
{
	size_t length = path ? strlen(path) : 0;

	if (length >= sizeof process->exec_path)
		length = sizeof process->exec_path - 1;
	memcpy(process->exec_path, path, length);
	process->exec_path[length] = '\0';
}

uint32_t sf_heir_exec(const char *path)
{
	uint32_t pid = (uint32_t)sf_sys(SYS_getpid);

	if (!sf_process)
		return 0;
	bool guest = pid != sf_pid;
	uint32_t record = guest ? sf_process_find(sf_arena, pid) : sf_process;

	if (!record)
		record = sf_process_new(sf_arena, sf_process, sf_self_here.thread, 0, pid);
	struct sf_process *process = sf_process_at(sf_arena, record);

	if (!process)
		return 0;
	sf_track_hand_over();
	note_path(process, path);
	atomic_fetch_add_explicit(&process->execs, 1, memory_order_relaxed);
	atomic_store_explicit(&process->state, SF_PROCESS_AWAITED, memory_order_release);
	struct sf_event *event = guest ? NULL : sf_event_note(SF_EVENT_EXEC, 0, 0);

	if (event)
		sf_event_extend(event, SF_EXTENSION_TEXT, process->exec_path, strlen(process->exec_path));
	return record;
}

void sf_heir_exec_failed(uint32_t record)
{
	struct sf_process *process = sf_process_at(sf_arena, record);

	if (process)
		atomic_store_explicit(&process->state, SF_PROCESS_LOADED, memory_order_release);
}

uint32_t sf_heir_spawn(const char *path)
{
	struct sf_self *self = sf_self_get();
	uint32_t record = self ? sf_process_new(sf_arena, sf_process, self->thread, 0, 0) : 0;
	struct sf_process *process = sf_process_at(sf_arena, record);

	if (!process)
		return 0;
	sf_track_hand_over();
	note_path(process, path);
	return record;
}

/* The child may have claimed the record already. */
void sf_heir_spawned(uint32_t record, int pid)
{
	struct sf_process *process = sf_process_at(sf_arena, record);
	uint32_t none = 0;

	if (!process)
		return;
	if (pid > 0)
		__atomic_compare_exchange_n(&process->pid, &none, (uint32_t)pid, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	else
		atomic_store_explicit(&process->state, SF_PROCESS_FREE, memory_order_release);
}
