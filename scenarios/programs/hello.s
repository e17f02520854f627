# SPDX-License-Identifier: BSD-2-Clause
#
# Writes a line from its data, then exits with the number of its arguments.
	.globl	_start
	.text
_start:
	movl	$1, %eax		# write(1, text, size)
	movl	$1, %edi
	leaq	text(%rip), %rsi
	movl	$size, %edx
	syscall
	movq	(%rsp), %rdi		# exit(argc)
	movl	$60, %eax
	syscall
	.data
text:	.ascii	"hello, nested paging\n"
	.set	size, . - text
