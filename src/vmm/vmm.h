/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM of a vkernel: one master thread that makes the EPT, slave threads that take over its
 * pointer, the loop that each of them runs, and the shootdown between them.
 *
 * The shared words of a process are touched only by the atomic operations of base/env.h.  What the
 * loop needs from the machine below it, it asks through struct vmm_host_ops.
 */
#ifndef VK_VMM_VMM_H
#define VK_VMM_VMM_H

#include "copyio/vk_pmap.h"
#include "vmm/vmx.h"

#define VMM_NO_CPU (-1)

/* The words that the gate is made of [DF-GATE]. */
#define VMM_LOCK_EXCL 1ull /* somebody wants all vCPUs out of guest mode */
#define VMM_LOCK_STEP 2ull /* one vCPU, or copy, between count-in and count-out */

/* The lock bits of protocols that keep one in a mask of CPUs. */
#define VMM_MASK_LOCK VK_BIT(63)
#define VMM_ACTIVE_LOCK VK_BIT(63)

/*
 * The record of a process that runs in guest mode: one, made by its master thread.  All 0 when the
 * process begins.  The last three outlive the record itself, since copies go on without vCPUs.
 */
struct vmm_proc {
	uint64_t ready;     /* 0 until the master has published the fields below */
	uint64_t eptp;      /* of every vCPU [DF-MASTER] */
	uint64_t guest_cr3; /* with which slaves start; the vkernel's own tables */
	uint64_t vcpus;     /* vCPUs that exist; the last one frees the EPT [DF-LAST] */
	uint64_t active;    /* host CPUs that a vCPU of it has come to, and VMM_ACTIVE_LOCK */
	uint64_t cpulock;   /* VMM_LOCK_EXCL and a count in steps of VMM_LOCK_STEP */
	uint64_t cpumask;   /* host CPUs that may be in guest mode for this process */
	uint64_t invgen;    /* generation of the EPT; only ever incremented */
};

enum vmm_status {
	VMM_OK,
	VMM_NO_RECORD,     /* a slave, or a sync, of a process without master */
	VMM_SECOND_MASTER, /* the process has its EPT already */
	VMM_IS_VCPU,       /* this thread is one already */
	VMM_NOT_ALONE,     /* a master in a process with several threads */
	VMM_BAD_ROOT,      /* a slave that brings an EPT root of its own */
	VMM_BAD_CR3,       /* guest CR3 with reserved bits */
	VMM_NO_MEMORY,
	VMM_FAULT          /* a user address could not be used */
};

/* Why a vCPU's loop ended. */
enum vmm_end {
	VMM_RUNNING,
	VMM_END_EXIT,        /* the guest asked for it: exit(2) */
	VMM_END_KILLED,      /* an exit that cannot be handled; the process ends */
	VMM_END_HOST_BUG,    /* the same, and it is the host that is wrong: report it */
	VMM_END_ENTRY_FAILED /* VM entry failed */
};

/* What became of VMLAUNCH or VMRESUME. */
enum vmm_entry {
	VMM_ENTERED,      /* guest mode was entered and left; the exit fields are valid */
	VMM_ENTRY_VMFAIL  /* the instruction failed; no guest mode, no exit */
};

struct vmm_vcpu;

struct vmm_host_ops;

/*
 * How vCPUs, and whoever changes tables that they use, keep out of each other's way.
 *
 * enter: counts a vCPU in before it enters guest mode on `cpu`; 0 when that is not allowed now.
 * leave: counts it out again.
 * sync_begin, sync_end: around a change of a guest's entry.  Between them no vCPU is in guest mode,
 * and what they had cached of guest tables is dropped before they are again.
 * ept_begin, ept_end: the same around a change of the EPT and of what was cached of that.
 * The caller of these is not itself counted in.  They may wait for others.  [DF-GATE] [DF-SYNC]
 */
struct vmm_protocol {
	const char *name;
	int flushes_on_migration; /* INVEPT on the CPU that a VMCS leaves and where it comes to */
	int captures;             /* ept_begin needs capture() */
	int (*enter)(struct vmm_proc *proc, int cpu);
	void (*leave)(struct vmm_proc *proc, int cpu);
	void (*sync_begin)(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx);
	void (*sync_end)(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx);
	void (*ept_begin)(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx);
	void (*ept_end)(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx);
};

/* The one to use, and those of history: DragonFly at the merge of 2013, 3.8, head of 2020. */
extern const struct vmm_protocol vmm_protocol_vkept;
extern const struct vmm_protocol vmm_protocol_merge;
extern const struct vmm_protocol vmm_protocol_3_8;
extern const struct vmm_protocol vmm_protocol_head;
/* The same with the defects repaired that docs/FINDINGS.md tells of. */
extern const struct vmm_protocol vmm_protocol_merge_repaired;
extern const struct vmm_protocol vmm_protocol_head_repaired;

/* The machine and kernel under the loop.  `ctx` is that of the vCPU. */
struct vmm_host_ops {
	const struct vmm_protocol *protocol;
	int (*this_cpu)(void *ctx);
	void (*critical)(void *ctx, int enter); /* no preemption, no migration while inside */
	void (*interrupts)(void *ctx, int on);
	/*
	 * Does what has to be done in the host first (an AST); non-zero: look again before
	 * entering.
	 */
	int (*must_leave)(void *ctx);
	/* Master: a fresh, empty EPT for the process; 0 when there is no memory. */
	int (*ept_create)(void *ctx, uint64_t *eptp);
	void (*ept_destroy)(void *ctx, uint64_t eptp);
	/*
	 * Runs on `cpu`, where the VMCS is active: INVEPT for the root unless it is 0, VMCLEAR;
	 * waits for it.
	 */
	void (*vmclear_on)(void *ctx, int cpu, uint64_t eptp);
	void (*vmptrld)(void *ctx, int first_time_here);
	int (*is_current)(void *ctx); /* our VMCS is the one that is loaded on this CPU */
	void (*invept)(void *ctx, uint64_t eptp);
	void (*write_guest)(void *ctx, uint64_t cr3); /* registers and CR3 into the VMCS */
	enum vmm_entry (*enter)(void *ctx, int resume, struct vmx_exit *exit);
	void (*ipi)(void *ctx, uint64_t cpus); /* each of them leaves guest mode */
	/*
	 * Interrupts each of them, and waits until its handler has it: it is not in guest mode, nor
	 * on its way there with interrupts off, until release().  For protocols that ask for it.
	 */
	void (*capture)(void *ctx, uint64_t cpus);
	void (*release)(void *ctx, uint64_t cpus);
	/*
	 * Resolves an access to guest-physical memory on the process' map; 0 when it is not
	 * allowed.
	 */
	int (*fault)(void *ctx, gpa_t gpa, unsigned acc);
	/*
	 * The bytes at the guest's RIP, fetched as an instruction by the tables as they are now;
	 * returns how many.  Fewer than `size`: *fault is the exit that the next one would cause.
	 */
	unsigned (*fetch)(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault);
	/* Moves the guest's RIP on; 0, and it stays, when it would not be canonical. */
	int (*advance)(void *ctx, unsigned bytes);
	int (*is_flush_call)(void *ctx);            /* RAX is -1: the "just exit" idiom */
	enum vmm_end (*syscall)(void *ctx);
	/* An exception of the guest context: to the vkernel, or a signal. */
	enum vmm_end (*reflect)(void *ctx, const struct vmx_exit *exit);
	void (*emulate_cpuid)(void *ctx);
};

struct vmm_vcpu {
	struct vmm_proc *proc;
	const struct vmm_host_ops *ops;
	void *ctx;
	uint64_t cr3;     /* guest CR3 for the next entry */
	uint64_t eptgen;  /* proc->invgen at our last INVEPT decision */
	int last_cpu;     /* where our VMCS is active, or VMM_NO_CPU */
	int launched;     /* VMRESUME is legal */
	int exists;       /* vmm_init() has succeeded, vmm_destroy() not been called */
};

/* What a thread asks for when it wants to become a vCPU. */
struct vmm_options {
	int master;
	uint64_t guest_cr3;  /* master: of the vkernel; slave: ignored, the record's counts */
	uint64_t ept_root;   /* slave: 0, or the record's own */
	unsigned threads;    /* of the process */
	unsigned maxphyaddr;
};

/*
 * Makes the calling thread a vCPU.  A master has the EPT made and publishes the record; a slave
 * takes over the record's EPTP and CR3.  On an error nothing is left behind. [DF-MASTER] [DF-SLAVE]
 */
enum vmm_status vmm_init(struct vmm_vcpu *vcpu, struct vmm_proc *proc,
    const struct vmm_host_ops *ops, void *ctx, const struct vmm_options *options);

/* What a caller of vmm_guest_ctl(2) has in its memory. */
struct vmm_user_options {
	uint64_t guest_cr3;
	uint64_t ept_root;
	uint64_t new_stack; /* master: first address above the stack of the guest */
	uint64_t master;    /* 0 or 1 */
};

/* The thread that calls vmm_guest_ctl(2): not yet a vCPU. */
struct vmm_caller {
	struct vk_us *us;  /* its memory, that of an ordinary process */
	gva_t sp;          /* its stack pointer */
	gva_t stack_end;   /* the first address above its stack, page aligned */
	unsigned threads;  /* of the process */
	unsigned maxphyaddr;
};

/*
 * vmm_guest_ctl(2), VMM_GUEST_RUN: takes the options at `uoptions` of the caller's memory, copies
 * a master's stack, and then does as vmm_init().  VMM_FAULT where either cannot be: pages of the
 * stack that were copied stay so, and nothing else is left behind. [DF-CTL]
 */
enum vmm_status vmm_guest_run(struct vmm_vcpu *vcpu, struct vmm_proc *proc,
    const struct vmm_host_ops *ops, void *ctx, const struct vmm_caller *caller, gva_t uoptions);

/* Ends a vCPU: its VMCS is cleared where it is active; the last one frees the EPT. [DF-LAST] */
void vmm_destroy(struct vmm_vcpu *vcpu);

/* The run loop.  Returns when the vCPU is done; never VMM_RUNNING. [DF-RUN] */
enum vmm_end vmm_run(struct vmm_vcpu *vcpu);

/* Handles one exit: VMM_RUNNING when the guest is to go on. [DF-DISPATCH] */
enum vmm_end vmm_exit_dispatch(struct vmm_vcpu *vcpu, const struct vmx_exit *exit);

#define VMM_INSTRUCTION_MAX 15u /* bytes of one instruction */
#define VMM_CUT_SHORT 16u

/*
 * The length of the SYSCALL instruction at the start of `bytes`, legal prefixes included; 0 when it
 * is something else, VMM_CUT_SHORT when the bytes end before that can be told.  The length that an
 * exit reports for #UD is undefined. [VMX-SYSCALL]
 */
unsigned vmm_decode_syscall(const unsigned char *bytes, unsigned count);

/*
 * Counts the caller in, so that vmm_stop_begin() waits for it; 0 when somebody keeps the gate shut.
 * Who is counted in does not sleep.  [DF-GATE]
 */
int vmm_gate_count_in(struct vmm_proc *proc);
/* The same for a vCPU, whose CPU is marked first [DF-GATE]. */
int vmm_gate_enter(struct vmm_proc *proc, int cpu);
void vmm_gate_leave(struct vmm_proc *proc, int cpu);
void vmm_gate_count_out(struct vmm_proc *proc);

/*
 * The guard that keeps shootdowns of the process away from the page that a copy touches, for
 * us->guard.  A copy that finds the gate shut waits, so the thread that shut it may copy only with
 * a user space that has no guard.  [DF-SYNC] [DF-COPYIO]
 */
struct vk_guard vmm_copy_guard(struct vmm_proc *proc);

/*
 * Keeps all vCPUs of the process out of guest mode, and copies under its guard out of its pages,
 * from begin to end, and makes each vCPU flush its EPT translations before it next enters.  The
 * caller must not itself be counted in.  [DF-SYNC]
 */
void vmm_stop_begin(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx);
void vmm_stop_end(struct vmm_proc *proc);

/*
 * vmm_guest_sync_addr(2): swaps the word at `dst` of the user space with the one at `src`, while no
 * vCPU is in guest mode, and makes every vCPU flush.  With dst 0 only the flush is done.  Nothing
 * is stored when either address cannot be used: VMM_FAULT.  The guard of *us is left out: the
 * gate is shut by the call itself. [DF-SYNC]
 */
enum vmm_status vmm_guest_sync_addr(struct vmm_proc *proc, const struct vmm_host_ops *ops,
    void *ctx, struct vk_us *us, gva_t dst, gva_t src);

#endif
