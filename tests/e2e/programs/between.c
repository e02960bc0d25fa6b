/* SPDX-License-Identifier: MIT
 *
 * between.c -- a program that asks again and again, and an answer that comes just after the library has looked, and
 * before the kernel is asked. Its parent traces it, and sends when the library's poll has found nothing.
 *
 *     between recv|accept
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

static int listener, near, far;
static struct sockaddr_in address = {.sin_family = AF_INET};

static void make_sockets(bool connected)
{
	socklen_t length = sizeof address;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | (connected ? 0 : SOCK_NONBLOCK), 0);
	far = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length))
		_exit(1);
	if (!connected)
		return;
	connect(far, (struct sockaddr *)&address, sizeof address);
	near = accept(listener, NULL, NULL);
}

static int ask_until_told(bool receives)
{
	char byte;
	long ret;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	do
		ret = receives ? recv(near, &byte, 1, MSG_DONTWAIT) : accept(listener, NULL, NULL);
	while (ret < 0 && errno == EAGAIN);
	printf("%s\n", ret < 0 ? strerror(errno) : "answered");
	return 0;
}

/* It is there when this returns. */
static void answer(bool receives)
{
	struct pollfd there = {receives ? near : listener, POLLIN, 0};

	if (receives)
		send(far, "x", 1, 0);
	else
		connect(far, (struct sockaddr *)&address, sizeof address);
	poll(&there, 1, -1);
}

/* Is this stop the end of a poll that found nothing? */
static bool has_looked(pid_t child)
{
	static unsigned long long number;
	struct ptrace_syscall_info info;

	ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof info, &info);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		number = info.entry.nr;
	return info.op == PTRACE_SYSCALL_INFO_EXIT && number == SYS_ppoll && info.exit.rval == 0;
}

int main(int argc, char **argv)
{
	bool receives = argc > 1 && strcmp(argv[1], "recv") == 0, answered = false;
	int status;

	alarm(30);
	make_sockets(receives);
	pid_t child = fork();

	if (child == 0)
		return ask_until_told(receives);
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_TRACESYSGOOD);
	while (WIFSTOPPED(status)) {
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && !answered && has_looked(child)) {
			answer(receives);
			answered = true;
		}
		ptrace(PTRACE_SYSCALL, child, NULL, NULL);
		waitpid(child, &status, 0);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
