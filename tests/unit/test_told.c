/* SPDX-License-Identifier: MIT
 *
 * test_told.c -- what the command tells of the program that it has started is what /proc says of it.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/arenafile.h"
#include "cli/told.h"
#include "unit.h"

extern char **environ;

static struct sf_arena_file file;
static char folder[] = "/tmp/sockfault-told-XXXXXX", path[64];
static pid_t child;

static int make(void **state)
{
	char name[] = "cat", *words[] = {name, NULL};
	posix_spawn_file_actions_t waits;
	int ends[2];

	(void)state;
	if (!mkdtemp(folder) || pipe(ends) != 0)
		return 1;
	snprintf(path, sizeof path, "%s/t.sft", folder);
	sf_arena_file_create(&file, path, UINT64_C(64) << 20, 0);
	posix_spawn_file_actions_init(&waits);
	posix_spawn_file_actions_adddup2(&waits, ends[0], STDIN_FILENO);
	int failed = posix_spawnp(&child, name, &waits, NULL, words, environ);

	posix_spawn_file_actions_destroy(&waits);
	return failed;
}

static int unmake(void **state)
{
	(void)state;
	return kill(child, SIGKILL) || waitpid(child, NULL, 0) != child || unlink(path) || rmdir(folder);
}

static void begin(enum sf_told told)
{
	file.arena->executable_at = file.arena->descriptors_end = 0;
	atomic_store(&file.arena->told, told);
}

static void where_its_file_is_and_where_its_descriptors_end(void **state)
{
	char name[32], shown[PATH_MAX] = "";
	int high = fcntl(STDIN_FILENO, F_DUPFD, 77), end = 4096; /* whoever has started us may have left more open */

	(void)state;
	begin(SF_NOT_TOLD);
	sf_told_of(file.arena, child);
	while (end > 0 && fcntl(end - 1, F_GETFD) < 0)
		end--;
	close(high);
	snprintf(name, sizeof name, "/proc/%d/exe", child);
	assert_true(readlink(name, shown, sizeof shown - 1) > 0);
	assert_int_equal(atomic_load(&file.arena->told), SF_TOLD);
	assert_string_equal(sf_arena_piece(file.arena, file.arena->executable_at), shown);
	assert_true(end > high);
	assert_int_equal(file.arena->descriptors_end, end);
}

/* It may be so for a moment after vfork. */
static void what_seems_to_be_ourselves_is_not_told(void **state)
{
	(void)state;
	begin(SF_NOT_TOLD);
	sf_told_of(file.arena, getpid());
	assert_int_equal(atomic_load(&file.arena->told), SF_NOT_TOLD);
}

static void who_was_quicker_is_told_nothing(void **state)
{
	(void)state;
	begin(SF_TOLD_TAKEN);
	sf_told_of(file.arena, child);
	assert_int_equal(atomic_load(&file.arena->told), SF_TOLD_TAKEN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(where_its_file_is_and_where_its_descriptors_end),
	    HOLDS(what_seems_to_be_ourselves_is_not_told),
	    HOLDS(who_was_quicker_is_told_nothing),
	};

	return cmocka_run_group_tests_name("told", tests, make, unmake);
}
