/* SPDX-License-Identifier: MIT
 *
 * vfork.c -- vfork: what the child closes and duplicates, the parent still has; exec and _exit end it.
 */
#include "snippet.h"

static void wait_and_say(pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	say_status("child", status);
}

int snippet(void)
{
	int ends[2];
	char buffer[8];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	pid_t pid = vfork();
	if (pid == 0) {
		close(ends[0]);
		dup2(STDOUT_FILENO, ends[1]);
		_exit(4);
	}
	wait_and_say(pid);
	SAY(send(ends[0], "still", 5, 0));
	SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	pid = vfork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "echo from the shell; exit 6", (char *)NULL);
		_exit(99);
	}
	wait_and_say(pid);
	pid = vfork();
	if (pid == 0) {
		execl("/nonexistent", "nothing", (char *)NULL);
		_exit(errno == ENOENT ? 8 : 9);
	}
	wait_and_say(pid);
	SAY(send(ends[0], "again", 5, 0));
	SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	close_all(ends, 2);
	return 0;
}
