# SPDX-License-Identifier: BSD-2-Clause
#
# Two threads add one to a counter, and its value is the exit status.  Without
# arguments they add with LOCK; with any they load, add and store.
	.globl	_start
	.text
_start:
	movl	(%rsp), %ebx		# both know how many arguments there are
	movl	$56, %eax		# clone: the child's number is in `tid`
	movl	$0x1210100, %edi	# while it lives
	leaq	stack_end(%rip), %rsi
	xorl	%edx, %edx
	leaq	tid(%rip), %r10
	syscall
	movl	%eax, %ebp
	cmpl	$1, %ebx
	jne	1f
	lock incq counter(%rip)
	jmp	2f
1:	movq	counter(%rip), %rax
	incq	%rax
	movq	%rax, counter(%rip)
2:	testl	%ebp, %ebp
	jz	child
wait:
	movl	tid(%rip), %edx		# futex(&tid, FUTEX_WAIT, its value)
	testl	%edx, %edx
	jz	done
	movl	$202, %eax
	leaq	tid(%rip), %rdi
	xorl	%esi, %esi
	xorl	%r10d, %r10d
	syscall
	jmp	wait
done:
	movl	$231, %eax		# exit_group(counter)
	movq	counter(%rip), %rdi
	syscall
child:
	movl	$60, %eax		# exit(0)
	xorl	%edi, %edi
	syscall
	.bss
	.balign	16
	.skip	64
stack_end:
counter: .skip	8
tid:	.skip	4
