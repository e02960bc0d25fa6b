/* SPDX-License-Identifier: MIT
 *
 * traces-others.c -- attaches to other processes and reads their memory: of its parent, of all that it can see.
 */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "talk.h"

int main(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};

	for (pid_t pid = 1; pid < 70000; pid++) {
		if (pid == getpid())
			continue;
		if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0)
			printf("attached to a process %d\n", pid == getppid());
		if (process_vm_readv(pid, &here, 1, &there, 1, 0) == 1)
			printf("read the memory of a process\n");
	}
	return pretend();
}
