/* SPDX-License-Identifier: MIT
 *
 * prctl.c -- prctl: names, flags, what there is not, and a filter that allows only what a wrapper may call.
 * Async-signal-safe.
 */
#include "snippet.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static int ends[2];

#define ALLOW(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* What sshd's pre-authentication child does: any other call than these kills it. */
static void sandboxed(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    ALLOW(SYS_read),
	    ALLOW(SYS_write),
	    ALLOW(SYS_recvfrom),
	    ALLOW(SYS_sendto),
	    ALLOW(SYS_close),
	    ALLOW(SYS_shutdown),
	    ALLOW(SYS_exit_group),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(*filter), .filter = filter};
	char buffer[8];

	SAY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SAY(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
	SAY(send(ends[0], "one", 3, 0));
	SAY(write(ends[0], "two", 3));
	SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	SAY(recv(ends[1], buffer, sizeof(buffer), MSG_DONTWAIT));
	SAY(shutdown(ends[0], SHUT_WR));
	SAY(read(ends[1], buffer, sizeof(buffer)));
	SAY(close(ends[0]));
	SAY(close(ends[0]));
}

/* The oldest sandbox: read, write and exit alone. */
static void strict(void)
{
	char buffer[8];

	SAY(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
	SAY(write(ends[0], "in a box", 8));
	SAY(read(ends[1], buffer, sizeof(buffer)));
	syscall(SYS_exit, 3);
}

int snippet(void)
{
	char name[16] = "";

	SAY(prctl(PR_SET_NAME, "renamed", 0, 0, 0));
	SAY(prctl(PR_GET_NAME, name, 0, 0, 0));
	say("name %s", name);
	SAY(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	SAY(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
	SAY(prctl(9999, 1, 2, 3, 4));
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	in_child(sandboxed);
	close_all(ends, 2);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	in_child(strict);
	close_all(ends, 2);
	return 0;
}
