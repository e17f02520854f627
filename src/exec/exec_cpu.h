/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU that executes a program: the processor of src/x86 over the accesses of a simulated vCPU.
 *
 * Every fetch, load and store is an access of the vCPU, through its TLB, the guest's tables and
 * the EPT.  What the TLB answers may be kept as a short cut: for as long as the TLB has it, the
 * tables that it came from are not written, and nobody wants to see each access.
 */
#ifndef VK_EXEC_EXEC_CPU_H
#define VK_EXEC_EXEC_CPU_H

#include "exec/exec_marks.h"
#include "sim/machine.h"
#include "x86/x86.h"

/* What the programs of one machine share: decoded code, and who hears of writes to it. */
struct exec_memory {
	struct hostmem *mem;
	struct hostmem_listener listener;
	struct exec_marks marks;
	struct x86_code *code;
	uint64_t changes;       /* counts up when what was kept of memory may be wrong */
};

/* false: out of memory.  `mem` has to live until exec_memory_free(). */
bool exec_memory_init(struct exec_memory *memory, struct hostmem *mem);
void exec_memory_free(struct exec_memory *memory);

/* What decides whether a short cut is still good. */
struct exec_stamp {
	uint64_t changes;
	uint64_t dropped;       /* translations that left the TLB */
	const struct tlb *tlb;
	uint64_t cr0, cr3, cr4, efer, eptp;
	uint64_t keys;          /* of protection */
	unsigned cpl, vpid;
};

struct exec_cpu {
	struct x86_cpu x86;
	struct machine_thread *machine;
	struct exec_memory *memory;
	struct exec_stamp stamp;
	struct vcpu_result access;   /* the last one that was asked for */
	struct hostmem_loan *loan[2]; /* of frames that it writes and somebody listens to */
	unsigned char bounce[2][16]; /* for bytes beyond the end of host memory */
};

void exec_cpu_init(struct exec_cpu *cpu, struct machine_thread *machine,
    struct exec_memory *memory);

enum exec_ran {
	EXEC_RAN,    /* all instructions that were asked for */
	EXEC_LEFT,   /* an exit; its fields are filled */
	EXEC_UNKNOWN /* the next instruction is not executed here */
};

/*
 * Executes up to `budget` instructions from the thread's RIP on, which is where it stands
 * afterwards.  The thread is in guest mode.
 */
enum exec_ran exec_cpu_run(struct exec_cpu *cpu, uint64_t budget, struct vmx_exit *exit);

/*
 * The bytes at RIP as the host's kernel fetches them, by the tables as they are; *fault is the
 * exit of the first that is missing.
 */
unsigned exec_cpu_fetch(struct exec_cpu *cpu, unsigned char *bytes, unsigned size,
    struct vmx_exit *fault);

/* What CPUID says: a processor with what src/x86 executes and no more. */
void exec_cpu_cpuid(struct exec_cpu *cpu);

#endif
