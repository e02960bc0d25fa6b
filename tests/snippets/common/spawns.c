/* SPDX-License-Identifier: MIT
 *
 * spawns.c -- the cases of posix_spawn and posix_spawnp: file actions, attributes, an environment, what is not there.
 */
#include "../snippet.h"

static void run(spawner *spawn, const char *script, posix_spawn_file_actions_t *actions, char *environment[])
{
	char *argv[] = {"sh", "-c", (char *)(size_t)script, NULL};
	pid_t pid = 0;
	int status = 0;

	errno = ERRNO_BEFORE;
	int result = spawn(&pid, "/bin/sh", actions, NULL, argv, environment);
	const char *after = errno == ERRNO_BEFORE ? "untouched" : "changed";
	waitpid(pid, &status, 0);
	say("spawn: %d, errno %s", result, after);
	say_status("child", status);
}

void spawn_cases(spawner *spawn)
{
	posix_spawn_file_actions_t actions;
	char *environment[] = {"WORD=given", NULL}, *argv[] = {"none", NULL}, buffer[32] = "";
	int ends[2];
	pid_t pid;

	make_pipe(ends);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	run(spawn, "echo plain; exit 3", NULL, environ);
	run(spawn, "echo \"$WORD\"", NULL, environment);
	run(spawn, "echo elsewhere", &actions, environ);
	say_bytes("elsewhere", buffer, (size_t)read(ends[0], buffer, sizeof(buffer)));
	posix_spawn_file_actions_destroy(&actions);
	say("missing: %d", spawn(&pid, "/nonexistent/program", NULL, NULL, argv, environ));
	close_all(ends, 2);
}
