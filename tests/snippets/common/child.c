/* SPDX-License-Identifier: MIT
 *
 * child.c -- forked children of snippets, the cases of the exec family, and the count of SIGPIPEs.
 */
#include "../snippet.h"

static volatile sig_atomic_t pipes_seen;

static void on_sigpipe(int number)
{
	(void)number;
	pipes_seen++;
}

void count_sigpipe(void)
{
	struct sigaction action = {.sa_handler = on_sigpipe};

	pipes_seen = 0;
	sigaction(SIGPIPE, &action, NULL);
}

int sigpipes(void)
{
	return pipes_seen;
}

void in_child(void (*body)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(7);
	}
	waitpid(pid, &status, 0);
	say_status("child", status);
}

static executor *run_now;

static void run_shell(void)
{
	char *argv[] = {"/bin/sh", "-c", "echo \"$0 $1\"; exit 3", "words", "of argv", NULL};

	run_now(argv);
}

static void run_missing(void)
{
	char *argv[] = {"/nonexistent/program", NULL};

	SAY(run_now(argv));
}

static void run_directory(void)
{
	char *argv[] = {"/", NULL};

	SAY(run_now(argv));
}

void exec_cases(executor *run)
{
	run_now = run;
	in_child(run_shell);
	in_child(run_missing);
	in_child(run_directory);
}
