/* SPDX-License-Identifier: MIT
 *
 * starts.c -- starts ROUNDS -- [NAME=VALUE] COMMAND... [-- ...]: starts each command in turn, over and over, with PATH
 * and this variable as its environment; a line a round: microseconds from the start to the end of each.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 8 };

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static posix_spawn_file_actions_t quiet; /* our standard output is for figures */

static double start(char **command)
{
	char path[] = "PATH=/usr/bin:/bin", *environment[] = {path, NULL, NULL};
	double before = now_us();
	pid_t pid;
	int status;

	if (strchr(command[0], '='))
		environment[1] = *command++;
	if (posix_spawn(&pid, command[0], &quiet, NULL, command, environment) != 0 || waitpid(pid, &status, 0) != pid ||
	    status != 0) {
		fprintf(stderr, "starts: %s failed\n", command[0]);
		exit(1);
	}
	return now_us() - before;
}

int main(int argc, char **argv)
{
	char **commands[MOST];
	int count = 0;

	for (int i = 2; i < argc - 1; i++)
		if (strcmp(argv[i], "--") == 0 && count < MOST) {
			argv[i] = NULL;
			commands[count++] = argv + i + 1;
		}
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (int round = count ? atoi(argv[1]) : 0; round > 0; round--)
		for (int i = 0; i < count; i++)
			printf("%.1f%c", start(commands[i]), i + 1 < count ? ' ' : '\n');
	return 0;
}
