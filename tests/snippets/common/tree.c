/* SPDX-License-Identifier: MIT
 *
 * tree.c -- what a child that shares the parent's sockets does with them: the same for each way to make a child.
 */
#include "../snippet.h"

void family_make(int ends[2])
{
	make_pair(AF_UNIX, SOCK_STREAM, ends);
}

void family_child(const int ends[2])
{
	char buffer[8];

	SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	SAY(send(ends[1], "answer", 6, 0));
	SAY(close(ends[0]));
}

void family_parent(int ends[2], pid_t child)
{
	char buffer[8];
	int status = 0;

	ssize_t sent = send(ends[0], "hello", 5, 0);
	waitpid(child, &status, __WALL);
	say("a child: %d, sent %zd", child > 0, sent);
	say_status("child", status);
	SAY(recv(ends[0], buffer, sizeof(buffer), 0));
	SAY(close(ends[0]));
	SAY(close(ends[1]));
}
