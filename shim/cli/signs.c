/* SPDX-License-Identifier: MIT
 *
 * signs.c -- what a running target shows of itself: that the library is in it, that it listens, how busy it is. Asked
 * of the arena and of /proc; nothing is changed but what a process record says of being busy.
 */
#include <stdio.h>
#include <string.h>

#include "cli/run.h"

bool sf_run_has_library(const struct sf_run *run)
{
	char path[64], line[4352];
	bool found = false;

	snprintf(path, sizeof path, "/proc/%ld/maps", (long)run->target);
	FILE *file = fopen(path, "re");

	while (file && !found && fgets(line, sizeof line, file))
		found = strstr(line, "/libsockfault.so");
	if (file)
		fclose(file);
	return found;
}

bool sf_run_listens(const struct sf_run *run)
{
	const struct sf_arena *arena = run->file.arena;
	uint32_t count = sf_arena_count(arena, SF_SOCKETS);

	for (uint32_t i = 1; i <= count; i++) {
		const struct sf_socket *socket = sf_socket_at(arena, i);
		bool is_ready = socket && (socket->side == SF_LISTENER || (socket->type == SF_DGRAM && socket->local.port));

		if (is_ready && (!run->port || socket->local.port == run->port || socket->local.family == SF_UNIX))
			return true;
	}
	return false;
}

void sf_run_note_busy(struct sf_run *run)
{
	struct sf_arena *arena = run->file.arena;
	uint32_t count = sf_arena_count(arena, SF_PROCESSES);

	for (uint32_t i = 1; i <= count; i++) {
		struct sf_process *process = sf_process_at(arena, i);

		if (process && atomic_load_explicit(&process->state, memory_order_acquire) == SF_PROCESS_LOADED)
			process->busy_ms = sf_tree_busy_ms((pid_t)process->pid);
	}
}
