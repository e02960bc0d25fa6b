/* SPDX-License-Identifier: MIT
 *
 * frames.c -- `frames FRAME SNIPPET` runs a snippet in one of the places from which programs make calls: main, a
 * thread, a forked child, a program executed with and without an environment, a signal handler, after closefrom(3).
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"

extern char **environ;
void closefrom(int first) __attribute__((weak)); /* musl has none */

static const char *snippet_name;
static int snippet_status;

static int frame_main(void)
{
	return frame_run(snippet_name);
}

static void *in_thread(void *unused)
{
	snippet_status = frame_run(snippet_name);
	return unused;
}

static int frame_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread, NULL) != 0)
		return 96;
	pthread_join(thread, NULL);
	return snippet_status;
}

static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 96;
	return WEXITSTATUS(status);
}

static int frame_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(frame_run(snippet_name));
	return wait_for(pid);
}

static int run_again(char *const environment[])
{
	char *argv[] = {"frames", "main", (char *)(size_t)snippet_name, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execve("/proc/self/exe", argv, environment);
		_exit(96);
	}
	return wait_for(pid);
}

static int frame_exec(void)
{
	return run_again(environ);
}

static int frame_empty(void)
{
	char *nothing[] = {NULL};

	return run_again(nothing);
}

static void handler(int number)
{
	(void)number;
	snippet_status = frame_run(snippet_name);
}

static int frame_handler(void)
{
	struct sigaction action = {.sa_handler = handler};

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	return snippet_status;
}

static int frame_closefrom(void)
{
	if (closefrom)
		closefrom(3);
	else
		syscall(SYS_close_range, 3, ~0u, 0);
	return frame_run(snippet_name);
}

static const struct {
	const char *name;
	int (*run)(void);
} frames[] = {
    {"main", frame_main},   {"thread", frame_thread},   {"fork", frame_fork},           {"exec", frame_exec},
    {"empty", frame_empty}, {"handler", frame_handler}, {"closefrom", frame_closefrom},
};

int main(int argc, char **argv)
{
	if (argc != 3)
		return 97;
	snippet_name = argv[2];
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		if (strcmp(frames[i].name, argv[1]) == 0)
			return frames[i].run();
	return 97;
}
