/* SPDX-License-Identifier: MIT
 *
 * inherited.c -- connects to 127.0.0.1:PORT and hands the connection, by the way that its second word names, to a
 * program that copies what comes over it to standard output: cat, or this one again.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *self;

static int connected(const char *port)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET,
	    .sin_port = htons((unsigned short)atoi(port)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? fd : -1;
}

static void copy(FILE *from)
{
	for (int c; (c = fgetc(from)) != EOF;)
		putchar(c);
}

static void by_spawn(int fd)
{
	char name[] = "cat", *words[] = {name, NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 0);
	if (posix_spawnp(&child, "cat", &actions, NULL, words, environ) == 0)
		waitpid(child, NULL, 0);
}

/* The shell's own redirection: the number is open in it. */
static void by_shell(int fd, bool with_popen)
{
	char command[32];

	fcntl(fd, F_SETFD, 0);
	snprintf(command, sizeof(command), "cat <&%d", fd);
	if (!with_popen) {
		_exit(system(command));
	}
	FILE *pipe = popen(command, "r");

	copy(pipe);
	pclose(pipe);
}

static void by_exec(int fd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", dup(fd));
	execl(self, self, number, "stream", NULL);
}

/* To a program that was started before there was anything to inherit. */
static void by_rights(int carrier, const char *port, bool among_several)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr message = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd = connected(port);

	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	*header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (among_several)
		sendmmsg(carrier, &(struct mmsghdr){message, 0}, 1, 0);
	else
		sendmsg(carrier, &message, 0);
	close(carrier);
	wait(NULL);
}

static int received(int carrier)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec part = {&byte, 1};
	struct msghdr message = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(carrier, &message, 0) == 1)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void start_receiver(int ends[2])
{
	char number[16];

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	if (fork() == 0) {
		close(ends[0]);
		snprintf(number, sizeof(number), "%d", ends[1]);
		execl(self, self, number, "receive", NULL);
	}
	close(ends[1]);
}

int main(int argc, char **argv)
{
	const char *way = argv[argc - 1];
	int ends[2];

	self = argv[0];
	if (strcmp(way, "receive") == 0)
		copy(fdopen(received(atoi(argv[1])), "r"));
	else if (strcmp(way, "stream") == 0)
		copy(fdopen(atoi(argv[1]), "r"));
	else if (strncmp(way, "rights", 6) == 0) {
		start_receiver(ends);
		by_rights(ends[0], argv[1], way[6]);
	} else if (strcmp(way, "spawn") == 0)
		by_spawn(connected(argv[1]));
	else if (strcmp(way, "exec") == 0)
		by_exec(connected(argv[1]));
	else
		by_shell(connected(argv[1]), strcmp(way, "popen") == 0);
	return 0;
}
