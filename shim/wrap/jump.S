/* SPDX-License-Identifier: MIT
 *
 * wrap/jump.S -- vfork, clone and syscall: calls that may return twice, or on another stack. Nothing of ours stays on the stack:
 * each leaves its note and jumps to libc's own (law 10).
 *
 * vfork's note: this thread's sf_vforked is set, sf_vforks counted up and *sf_life cleared, so that every wrapper looks again at
 * who it is. self.c puts that right when the thread is back from its child.
 */
#include <sys/syscall.h>

	.section .note.GNU-stack, "", %progbits

#if defined(__x86_64__)

#define CLONE_VM 0x100
#define CLONE_VFORK 0x4000
#define CLONE_THREAD 0x10000

	/* Calls a C function with all arguments of the call under way kept. */
.macro NOTE function
	.irp register, rdi, rsi, rdx, rcx, r8, r9
	pushq %\register
	.cfi_adjust_cfa_offset 8
	.endr
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call \function
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	.irp register, r9, r8, rcx, rdx, rsi, rdi
	popq %\register
	.cfi_adjust_cfa_offset -8
	.endr
.endm

	/* Jumps to libc's function; where start-up is not done yet, binds it first. */
.macro JUMP function
	cmpq $0, real_\function(%rip)
	jne .Ljump_\function
	NOTE sf_jump_bind
.Ljump_\function:
	xorl %eax, %eax
	movq real_\function(%rip), %r11
	jmp *%r11
.endm

	/* A child shares our memory from here on: everybody looks again at who they are. */
.macro SHARE
	lock incl sf_vforks(%rip)
	movq sf_life(%rip), %rax
	movl $0, (%rax)
.endm

	/* As SHARE, and this thread stands still until the child has left: its next call puts things right. */
.macro SUSPEND
	movq sf_vforked@gottpoff(%rip), %rax
	cmpl $0, %fs:(%rax)
	jne .Lsuspended\@
	movl $1, %fs:(%rax)
	SHARE
.Lsuspended\@:
.endm

	.text
	.globl vfork, __vfork
	.type vfork, @function
	.type __vfork, @function
vfork:
__vfork:
	.cfi_startproc
	SUSPEND
	JUMP vfork
	.cfi_endproc
	.size vfork, . - vfork

	/* clone(fn, stack, flags, arg, ...): a child that shares our memory without being a thread is watched for like vfork's;
	   one with memory of its own is a fork. */
	.globl clone, __clone
	.type clone, @function
	.type __clone, @function
clone:
__clone:
	.cfi_startproc
	testl $CLONE_THREAD, %edx
	jne 2f
	testl $CLONE_VM, %edx
	je 1f
	testl $CLONE_VFORK, %edx
	jne 3f
	SHARE
	jmp 2f
3:	SUSPEND
	jmp 2f
1:	NOTE sf_jump_clone
2:	JUMP clone
	.cfi_endproc
	.size clone, . - clone

	/* syscall(number, ...): numbers that matter to us leave a note first; all arguments pass untouched. */
	.globl syscall
	.type syscall, @function
syscall:
	.cfi_startproc
	.irp number, SYS_clone, SYS_clone3, SYS_fork, SYS_seccomp, SYS_io_uring_setup
	cmpq $\number, %rdi
	je 1f
	.endr
	jmp 2f
1:	NOTE sf_jump_syscall
2:	JUMP syscall
	.cfi_endproc
	.size syscall, . - syscall

#else
#error "wrap/jump.S knows x86-64"
#endif
