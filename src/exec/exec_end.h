/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a program ended.
 */
#ifndef VK_EXEC_EXEC_END_H
#define VK_EXEC_EXEC_END_H

#include <stdbool.h>
#include <stdint.h>

#include "x86/x86.h"

enum exec_end_kind {
	EXEC_END_EXITED,      /* by exit(2); status */
	EXEC_END_SIGNAL,      /* it sent itself one; status is its number */
	EXEC_END_PAGE_FAULT,  /* address, error_code */
	EXEC_END_STACK,       /* the same, just below the stack */
	EXEC_END_EXCEPTION,   /* vector, error_code */
	EXEC_END_INTERCEPT,   /* an instruction that its kernel does not expect; reason */
	EXEC_END_UNKNOWN,     /* an instruction that is not executed here */
	EXEC_END_LIMIT,       /* of instructions */
	EXEC_END_NO_MEMORY,   /* the vkernel's memory is used up; address */
	EXEC_END_STUCK,       /* exit after exit, and no instruction gets done */
	EXEC_END_DEADLOCK,    /* every thread waits for another */
	EXEC_END_VMM,         /* VM entry failed, or the host is wrong */
	EXEC_END_KINDS
};

struct exec_end {
	enum exec_end_kind kind;
	int status;
	unsigned tid;          /* of the thread that it happened to */
	uint64_t rip;
	uint64_t address;
	uint32_t error_code;
	bool mapped;           /* something is at the address, for other accesses */
	unsigned vector;
	uint32_t reason;
	unsigned char bytes[X86_LENGTH_MAX]; /* at RIP, `size` of them */
	unsigned size;
	unsigned length;       /* of the instruction, 0 when it is none; */
	char name[X86_NAME_SIZE]; /* its name, when it has one */
};

#endif
