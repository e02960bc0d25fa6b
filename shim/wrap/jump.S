/* SPDX-License-Identifier: MIT
 *
 * wrap/jump.S -- vfork, clone and syscall: calls that may return twice, or on another stack. Nothing of ours stays on the stack:
 * each leaves its note and jumps to libc's own (law 10).
 *
 * vfork's note: this thread's sf_vforked is set, sf_vforks counted up, *sf_life cleared and sf_watch turned, so that every wrapper looks
 * again at who it is. self.c puts that right when the thread is back from its child.
 */
#include "raw.h"

	.section .note.GNU-stack, "", %progbits

#define CLONE_VM 0x100
#define CLONE_VFORK 0x4000
#define CLONE_THREAD 0x10000

#if defined(__x86_64__)

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
	leaq sf_watch_looks(%rip), %rax
	movq %rax, sf_watch(%rip)
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

	/* syscall(number, a, ..., f): what sf_raw_kinds says of the number. All that is not ours passes untouched; what is ours has
	   its arguments where a C function of seven has them. */
	.globl syscall
	.type syscall, @function
syscall:
	.cfi_startproc
	cmpq $SF_RAW_NUMBERS, %rdi
	jae 2f
	leaq sf_raw_kinds(%rip), %rax
	movzbl (%rax,%rdi), %eax
	testl %eax, %eax
	je 2f
	cmpl $SF_RAW_OURS, %eax
	je sf_syscall
	NOTE sf_jump_syscall
2:	JUMP syscall
	.cfi_endproc
	.size syscall, . - syscall

	/* sf_raw_call(given, wrapper, site): the wrapper finds the site where its own frame ends (SF_SITE in gate.h). */
	.globl sf_raw_call, sf_raw_return
	.hidden sf_raw_call, sf_raw_return
	.type sf_raw_call, @function
sf_raw_call:
	.cfi_startproc
	pushq %rdx
	.cfi_adjust_cfa_offset 8
	movq %rsi, %r11
	movq %rdi, %r10
	movq (%r10), %rdi
	movq 8(%r10), %rsi
	movq 16(%r10), %rdx
	movq 24(%r10), %rcx
	movq 32(%r10), %r8
	movq 40(%r10), %r9
	xorl %eax, %eax
	call *%r11
sf_raw_return:
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size sf_raw_call, . - sf_raw_call

#elif defined(__aarch64__)

	/* The same as above: each macro and each function does what its namesake does. x9 to x17 are free at a call. */
.macro NOTE function
	stp x29, x30, [sp, #-96]!
	.cfi_adjust_cfa_offset 96
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	mov x29, sp
	stp x0, x1, [sp, #16]
	stp x2, x3, [sp, #32]
	stp x4, x5, [sp, #48]
	stp x6, x7, [sp, #64]
	str x8, [sp, #80]
	bl \function
	ldr x8, [sp, #80]
	ldp x6, x7, [sp, #64]
	ldp x4, x5, [sp, #48]
	ldp x2, x3, [sp, #32]
	ldp x0, x1, [sp, #16]
	ldp x29, x30, [sp], #96
	.cfi_restore x30
	.cfi_restore x29
	.cfi_adjust_cfa_offset -96
.endm

.macro JUMP function
	adrp x16, real_\function
	ldr x16, [x16, :lo12:real_\function]
	cbnz x16, .Ljump_\function
	NOTE sf_jump_bind
	adrp x16, real_\function
	ldr x16, [x16, :lo12:real_\function]
.Ljump_\function:
	br x16
.endm

.macro SHARE
	adrp x9, sf_vforks
	add x9, x9, :lo12:sf_vforks
.Lcount\@:
	ldxr w10, [x9]
	add w10, w10, #1
	stxr w11, w10, [x9]
	cbnz w11, .Lcount\@
	adrp x9, sf_life
	ldr x9, [x9, :lo12:sf_life]
	str wzr, [x9]
	adrp x9, sf_watch_looks
	add x9, x9, :lo12:sf_watch_looks
	adrp x10, sf_watch
	str x9, [x10, :lo12:sf_watch]
.endm

.macro SUSPEND
	adrp x12, :gottprel:sf_vforked
	ldr x12, [x12, :gottprel_lo12:sf_vforked]
	mrs x13, tpidr_el0
	ldr w14, [x13, x12]
	cbnz w14, .Lsuspended\@
	mov w14, #1
	str w14, [x13, x12]
	SHARE
.Lsuspended\@:
.endm

	.text
	.balign 4
	.globl vfork, __vfork
	.type vfork, %function
	.type __vfork, %function
vfork:
__vfork:
	.cfi_startproc
	SUSPEND
	JUMP vfork
	.cfi_endproc
	.size vfork, . - vfork

	.globl clone, __clone
	.type clone, %function
	.type __clone, %function
clone:
__clone:
	.cfi_startproc
	tst w2, #CLONE_THREAD
	b.ne 2f
	tst w2, #CLONE_VM
	b.eq 1f
	tst w2, #CLONE_VFORK
	b.ne 3f
	SHARE
	b 2f
3:	SUSPEND
	b 2f
1:	NOTE sf_jump_clone
2:	JUMP clone
	.cfi_endproc
	.size clone, . - clone

	.globl syscall
	.type syscall, %function
syscall:
	.cfi_startproc
	cmp x0, #SF_RAW_NUMBERS
	b.hs 2f
	adrp x9, sf_raw_kinds
	add x9, x9, :lo12:sf_raw_kinds
	ldrb w9, [x9, x0]
	cbz w9, 2f
	cmp w9, #SF_RAW_OURS
	b.ne 1f
	b sf_syscall
1:	NOTE sf_jump_syscall
2:	JUMP syscall
	.cfi_endproc
	.size syscall, . - syscall

	.globl sf_raw_call, sf_raw_return
	.hidden sf_raw_call, sf_raw_return
	.type sf_raw_call, %function
sf_raw_call:
	.cfi_startproc
	sub sp, sp, #32
	.cfi_adjust_cfa_offset 32
	str x2, [sp]
	stp x29, x30, [sp, #16]
	.cfi_rel_offset x29, 16
	.cfi_rel_offset x30, 24
	add x29, sp, #16
	mov x16, x1
	mov x9, x0
	ldp x0, x1, [x9]
	ldp x2, x3, [x9, #16]
	ldp x4, x5, [x9, #32]
	blr x16
sf_raw_return:
	ldp x29, x30, [sp, #16]
	.cfi_restore x30
	.cfi_restore x29
	add sp, sp, #32
	.cfi_adjust_cfa_offset -32
	ret
	.cfi_endproc
	.size sf_raw_call, . - sf_raw_call

#else
#error "wrap/jump.S knows x86-64 and aarch64"
#endif
