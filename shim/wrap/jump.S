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

	.text
	.globl vfork, __vfork
	.type vfork, @function
	.type __vfork, @function
vfork:
__vfork:
	.cfi_startproc
	movq sf_vforked@gottpoff(%rip), %rax
	cmpl $0, %fs:(%rax)
	jne 1f
	movl $1, %fs:(%rax)
	lock incl sf_vforks(%rip)
1:	movq sf_life(%rip), %rax
	movl $0, (%rax)
	movq real_vfork(%rip), %rax
	testq %rax, %rax
	je 2f
	jmp *%rax
	/* Not started yet: a plain fork, which keeps vfork's promises. */
2:	movl $SYS_fork, %eax
	syscall
	ret
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
	testl $0x10000, %edx /* CLONE_THREAD */
	jne 2f
	testl $0x100, %edx /* CLONE_VM */
	je 1f
	lock incl sf_vforks(%rip)
	movq sf_life(%rip), %rax
	movl $0, (%rax)
	jmp 2f
1:	pushq %rdi
	.cfi_adjust_cfa_offset 8
	pushq %rsi
	.cfi_adjust_cfa_offset 8
	pushq %rdx
	.cfi_adjust_cfa_offset 8
	pushq %rcx
	.cfi_adjust_cfa_offset 8
	pushq %r8
	.cfi_adjust_cfa_offset 8
	pushq %r9
	.cfi_adjust_cfa_offset 8
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call sf_jump_clone
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %r9
	.cfi_adjust_cfa_offset -8
	popq %r8
	.cfi_adjust_cfa_offset -8
	popq %rcx
	.cfi_adjust_cfa_offset -8
	popq %rdx
	.cfi_adjust_cfa_offset -8
	popq %rsi
	.cfi_adjust_cfa_offset -8
	popq %rdi
	.cfi_adjust_cfa_offset -8
	xorl %eax, %eax
2:	movq real_clone(%rip), %r11
	testq %r11, %r11
	je 3f
	jmp *%r11
3:	movq $-1, %rax
	ret
	.cfi_endproc
	.size clone, . - clone

	/* syscall(number, ...): numbers that matter to us leave a note first; all arguments pass untouched. */
	.globl syscall
	.type syscall, @function
syscall:
	.cfi_startproc
	cmpq $SYS_clone, %rdi
	je 1f
	cmpq $SYS_fork, %rdi
	je 1f
	cmpq $SYS_clone3, %rdi
	je 1f
	cmpq $SYS_seccomp, %rdi
	je 1f
	cmpq $SYS_io_uring_setup, %rdi
	jne 2f
1:	pushq %rdi
	.cfi_adjust_cfa_offset 8
	pushq %rsi
	.cfi_adjust_cfa_offset 8
	pushq %rdx
	.cfi_adjust_cfa_offset 8
	pushq %rcx
	.cfi_adjust_cfa_offset 8
	pushq %r8
	.cfi_adjust_cfa_offset 8
	pushq %r9
	.cfi_adjust_cfa_offset 8
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call sf_jump_syscall
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %r9
	.cfi_adjust_cfa_offset -8
	popq %r8
	.cfi_adjust_cfa_offset -8
	popq %rcx
	.cfi_adjust_cfa_offset -8
	popq %rdx
	.cfi_adjust_cfa_offset -8
	popq %rsi
	.cfi_adjust_cfa_offset -8
	popq %rdi
	.cfi_adjust_cfa_offset -8
2:	movq real_syscall(%rip), %r11
	testq %r11, %r11
	je 3f
	jmp *%r11
	/* Not started yet: the raw call, with libc's error convention. */
3:	movq %rdi, %rax
	movq %rsi, %rdi
	movq %rdx, %rsi
	movq %rcx, %rdx
	movq %r8, %r10
	movq %r9, %r8
	movq 8(%rsp), %r9
	syscall
	cmpq $-4095, %rax
	jae 4f
	ret
4:	negl %eax
	pushq %rax
	.cfi_adjust_cfa_offset 8
	call __errno_location@PLT
	popq %rdx
	.cfi_adjust_cfa_offset -8
	movl %edx, (%rax)
	movq $-1, %rax
	ret
	.cfi_endproc
	.size syscall, . - syscall

#else
#error "wrap/jump.S knows x86-64"
#endif
