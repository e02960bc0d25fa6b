/* SPDX-License-Identifier: MIT
 *
 * tree.c -- `tree WAY` talks, makes a child or thread in the way that is named, which talks too, and waits for it.
 * Without a way it only talks.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "talk.h"

extern char **environ;

static char self[4096];
static char *argv_of_child[] = {self, NULL};
static char *nothing[] = {NULL};

static void await(pid_t pid)
{
	int status = 0;

	talk_must(waitpid(pid, &status, __WALL) == pid, "waitpid");
	talk_must(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child");
}

static int talk_and_leave(void *unused)
{
	(void)unused;
	talk();
	_exit(0);
}

static void by_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		talk_and_leave(NULL);
	await(pid);
}

static void by_exec(void)
{
	pid_t pid = fork();

	if (pid == 0)
		execve(self, argv_of_child, nothing);
	await(pid);
}

static void by_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(self, argv_of_child, nothing);
		_exit(1);
	}
	await(pid);
}

static void by_spawn(void)
{
	pid_t pid;

	talk_must(posix_spawn(&pid, self, NULL, NULL, argv_of_child, nothing) == 0, "posix_spawn");
	await(pid);
}

static void by_system(void)
{
	talk_must(system(self) == 0, "system");
}

static void by_popen(void)
{
	char line[64];
	FILE *out = popen(self, "r");

	while (out && fgets(line, sizeof(line), out))
		dprintf(STDOUT_FILENO, "%s", line);
	talk_must(out && pclose(out) == 0, "popen");
}

static void by_clone(void)
{
	static _Alignas(16) char stack[256 * 1024];

	await(clone(talk_and_leave, stack + sizeof(stack), SIGCHLD, NULL));
}

static void by_raw_clone(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		talk_and_leave(NULL);
	await(pid);
}

static void by_daemon(void)
{
	talk_must(daemon(1, 1) == 0, "daemon");
	talk();
}

static void *in_thread(void *unused)
{
	talk();
	return unused;
}

static void by_thread(void)
{
	pthread_t thread;

	talk_must(pthread_create(&thread, NULL, in_thread, NULL) == 0, "pthread_create");
	pthread_join(thread, NULL);
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
    {"fork", by_fork},   {"exec", by_exec},   {"vfork", by_vfork},         {"spawn", by_spawn},   {"system", by_system},
    {"popen", by_popen}, {"clone", by_clone}, {"raw-clone", by_raw_clone}, {"daemon", by_daemon}, {"thread", by_thread},
};

int main(int argc, char **argv)
{
	talk_must(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0, "readlink");
	talk();
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, argv[1]) == 0)
			ways[i].run();
	return 0;
}
