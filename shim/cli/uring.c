/* SPDX-License-Identifier: MIT
 *
 * uring.c -- the seccomp filter of --io-uring: eight instructions, one number. It costs each system call of the target
 * some 60 ns, which is why it is not set where nothing can use io_uring.
 */
#include "cli/uring.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same number on each machine that we know, in their 32-bit calls too; x32 adds a bit. */
#define IO_URING_SETUP 425
#define X32_BIT 0x40000000U

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define ARCH_NARROW AUDIT_ARCH_I386
#else
#define ARCH AUDIT_ARCH_AARCH64
#define ARCH_NARROW AUDIT_ARCH_ARM
#endif

bool sf_uring_is_privileged(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) == 0 && (data[0].effective >> CAP_SYS_ADMIN & 1);
}

bool sf_uring_refuse(bool no_new_privs)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_NARROW, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~X32_BIT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IO_URING_SETUP, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	struct sock_fprog program = {sizeof code / sizeof code[0], code};

	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}
