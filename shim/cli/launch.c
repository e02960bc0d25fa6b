/* SPDX-License-Identifier: MIT
 *
 * launch.c -- vfork and exec of the target, with the environment that carries the library into it. The child runs on
 * our memory until it executes: it makes system calls and nothing else. vfork tells at once whether exec succeeded, and
 * is the quickest way to start a program.
 */
#include "cli/launch.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/doctor.h"
#include "cli/target.h"
#include "cli/uring.h"

static struct {
	sigset_t mask;
	struct sigaction child;
	struct rlimit file_size;
} before;

void sf_launch_prepare(void)
{
	static const int ours[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ};
	struct sigaction standard = {.sa_handler = SIG_DFL};
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY}, most;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		sigaddset(&set, ours[i]);
	if (sigprocmask(SIG_BLOCK, &set, &before.mask) != 0)
		sf_die("can't block signals: %s", strerror(errno));
	/* Where SIGCHLD was ignored, the kernel would throw our children's statuses away. */
	if (sigaction(SIGCHLD, &standard, &before.child) != 0)
		sf_die("can't wait for children: %s", strerror(errno));
	if (getrlimit(RLIMIT_FSIZE, &before.file_size) != 0)
		sf_die("can't tell the limit of file sizes: %s", strerror(errno));
	/* The trace is ours: a limit that is meant for the target's files should not bind it where it need not. */
	most = before.file_size;
	most.rlim_cur = most.rlim_max;
	if (setrlimit(RLIMIT_FSIZE, &unlimited) != 0)
		(void)setrlimit(RLIMIT_FSIZE, &most);
}

/* Each value was valid before: nothing here fails. */
void sf_launch_restore(void)
{
	(void)setrlimit(RLIMIT_FSIZE, &before.file_size);
	(void)sigaction(SIGCHLD, &before.child, NULL);
	(void)sigprocmask(SIG_SETMASK, &before.mask, NULL);
}

/* ---- the environment ---- */

/* ld.so takes blanks and colons for separators: a library in such a place is reached by a link. */
static const char *preloadable(const char *library)
{
	if (!strpbrk(library, " \t\n:;"))
		return library;
	char *link = sf_print("%s/libsockfault.so", sf_path_runs());
	char *scratch = sf_print("%s.%ld", link, (long)getpid());

	if (strpbrk(link, " \t\n:;"))
		sf_die(
		    "ld.so can't preload a file whose path has a blank or a colon: %s; set SOCKFAULT_DIR to a folder without",
		    link);
	unlink(scratch);
	if (symlink(library, scratch) != 0 || rename(scratch, link) != 0)
		sf_die("can't make the link %s: %s", link, strerror(errno));
	return link;
}

/* LD_PRELOAD is extended, never replaced; the runtime of a sanitizer wants to be the first of all. */
static char *preload_value(const struct sf_launch *launch)
{
	char runtime[4096];
	const char *first = launch->is_plain ? NULL : sf_doctor_asan_runtime(launch->argv[0], runtime, sizeof runtime);
	const char *library = preloadable(sf_path_library());
	const char *given = getenv("LD_PRELOAD");

	if (!given || strcmp(given, library) == 0)
		given = "";
	return sf_print("LD_PRELOAD=%s%s%s%s%s", first ? first : "", first ? ":" : "", library, *given ? ":" : "", given);
}

static bool is_variable(const char *entry, const char *name)
{
	size_t length = strlen(name);

	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static char **make_environment(const struct sf_launch *launch)
{
	size_t count = 0, used = 0;

	while (environ[count])
		count++;
	char **made = sf_allocate((count + 3) * sizeof *made);

	for (size_t i = 0; i < count; i++)
		if (!is_variable(environ[i], "LD_PRELOAD") && !is_variable(environ[i], "SOCKFAULT_ARENA"))
			made[used++] = environ[i];
	made[used++] = preload_value(launch);
	made[used++] = sf_print("SOCKFAULT_ARENA=%s", launch->arena);
	return made;
}

/* ---- the target ---- */

/* The child of vfork. Its own function, so that nothing of the caller's lives in registers that it may change. */
_Noreturn __attribute__((noinline)) static void
become_target(const struct sf_launch *launch, char **argv, char **environment, volatile int *error)
{
	bool is_ready = launch->errors < 0 || dup2(launch->errors, STDERR_FILENO) >= 0;

	if (is_ready && (!launch->refuse_io_uring || sf_uring_refuse(launch->no_new_privs))) {
		sf_launch_restore();
		execvpe(*argv, argv, environment);
	}
	*error = errno;
	_exit(SF_STATUS_TROUBLE);
}

__attribute__((noinline)) static pid_t start_target(const struct sf_launch *launch, char **argv, char **environment)
{
	volatile int error = 0;
	pid_t pid = vfork();

	if (pid == 0)
		become_target(launch, argv, environment, &error);
	if (pid < 0)
		sf_die("can't make a process: %s", strerror(errno));
	return error ? -error : pid;
}

/* What the kernel does not know is a script for the shell, says execvp(3); musl's leaves that to us. */
static pid_t start_script(const struct sf_launch *launch, char **environment)
{
	static SF_LARGE char found[PATH_MAX];
	static char shell[] = "/bin/sh";
	size_t count = 0;

	while (launch->argv[count])
		count++;
	char **argv = sf_allocate((count + 2) * sizeof *argv);

	memcpy(argv + 1, launch->argv, (count + 1) * sizeof *argv);
	argv[0] = shell;
	argv[1] = found;
	pid_t pid = sf_target_search(found, launch->argv[0]) == 0 ? start_target(launch, argv, environment) : -ENOEXEC;

	free(argv);
	return pid;
}

pid_t sf_launch_target(const struct sf_launch *launch)
{
	char **environment = make_environment(launch);
	pid_t pid = start_target(launch, launch->argv, environment);

	return pid == -ENOEXEC ? start_script(launch, environment) : pid;
}
