/* SPDX-License-Identifier: MIT
 *
 * told.c -- see told.h. COMMAND's descriptors are those of ours that were not opened by us; that some of ours lie below
 * the end that is told does no harm, for the library asks about each.
 */
#include "cli/told.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* 0: not known. */
static uint32_t descriptors_end(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint32_t end = 0;

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		uint32_t fd = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (fd != (uint32_t)dirfd(folder) && fd >= end)
			end = fd + 1;
	}
	if (folder)
		closedir(folder);
	return end;
}

void sf_told_of(struct sf_arena *arena, pid_t pid)
{
	char name[32], path[SF_EXECUTABLE_MAX];
	uint32_t end = descriptors_end(), none = SF_NOT_TOLD;

	snprintf(name, sizeof name, "/proc/%ld/exe", (long)pid);
	ssize_t length = readlink(name, path, sizeof path);

	/* For the moment in which vfork has just come back, its child is still shown as what we are. */
	if (!end || length <= 0 || length == sizeof path ||
	    (strncmp(path, sf_path_command(), (size_t)length) == 0 && !sf_path_command()[length]))
		return;
	path[length] = '\0';
	uint64_t at = sf_arena_heap(arena, (uint64_t)length + 1);

	if (!at)
		return;
	memcpy(sf_arena_at(arena, at), path, (size_t)length + 1);
	arena->executable_at = at;
	arena->descriptors_end = end;
	atomic_compare_exchange_strong_explicit(&arena->told, &none, SF_TOLD, memory_order_release, memory_order_relaxed);
}
