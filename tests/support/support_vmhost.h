/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine under the core's run loop that believes nothing.
 *
 * CPUs with a VMCS pointer and one cached EPT translation each, threads that take a free CPU for
 * every critical section, interrupts that wait while they are off.  Each vCPU thread is a thread of
 * the scheduler and runs vmm_run(); its program is a number of system calls, some of which stop all
 * vCPUs and change the EPT entry.  The machine checks at every step what must hold at that step and
 * keeps the first thing that did not.  [DF-GATE] [DF-GENERATION] [DF-MIGRATE] [DF-SYNC]
 *
 * The EPT entry is a number that only grows.  An access uses the CPU's cached number, or reads and
 * caches the current one.  VM entry and exit leave the cache alone: that is what the generation is
 * for.
 */
#ifndef TESTS_SUPPORT_VMHOST_H
#define TESTS_SUPPORT_VMHOST_H

#include "sim/sched.h"
#include "vmm/vmm.h"

#define VMHOST_CPUS    4
#define VMHOST_THREADS 6
#define VMHOST_CR3     0x1000ull

struct vmhost;

/* What a thread does; the counts are of system calls that its guest makes. */
struct vmhost_program {
	unsigned edits; /* stop, change the entry, go */
	unsigned syncs; /* vmm_guest_sync_addr() without a word to swap: flush only */
	unsigned calls; /* that do nothing */
	unsigned copies; /* under the guard, of a page behind the entry */
	unsigned dwell; /* guest steps before a natural exit, at most */
};

struct vmhost_thread {
	struct vmhost *host;
	unsigned index;
	struct vmm_vcpu vcpu;
	struct vmm_options options;
	struct vmhost_program program;
	enum vmm_status joined;
	enum vmm_end end;
	/* Where the thread is. */
	int cpu;        /* in its critical section; VMM_NO_CPU: outside */
	int interrupts; /* on */
	int counted;    /* certainly between count-in and count-out */
	int in_guest;
	int copying; /* 1: may be counted for a copy; 2: certainly is */
	/* Its VMCS, as the processors see it. */
	int vmcs_cpu;
	int vmcs_launched;
};

struct vmhost_cpu {
	struct vmhost_thread *holder; /* in its critical section here */
	struct vmhost_thread *loaded; /* whose VMCS is current */
	int interrupt;                /* pending */
	uint64_t cached;              /* the EPT entry as cached; 0: not */
	uint64_t flushed;             /* the generation at the last INVEPT */
};

struct vmhost {
	struct sched *sched;
	struct vmm_proc proc;
	int together; /* nobody runs before all have tried to become vCPUs */
	int patient;  /* slaves try once there is an EPT, and not before */
	unsigned tried;
	unsigned cpus;
	struct vmhost_cpu cpu[VMHOST_CPUS];
	unsigned threads;
	struct vmhost_thread thread[VMHOST_THREADS];
	uint64_t random;
	uint64_t entry;                  /* version of the EPT entry, from 1 */
	uint64_t required;               /* no access may use an older one */
	struct vmhost_thread *exclusive; /* between stop and go */
	uint64_t live_eptp;              /* 0: there is none */
	unsigned created, destroyed;
	const char *broken; /* the first thing that did not hold */
	/* That such things happened. */
	unsigned stops_with_guests, stale_flushed, old_used_in_time, migrations, backed_off,
	    entries, copied_again;
};

/* A machine of `cpus`, without threads; `seed` decides all that is left to chance. */
void vmhost_init(struct vmhost *host, unsigned cpus, uint64_t seed);

/* Adds a vCPU thread: the first is the master, whose life begins before the others'. */
struct vmhost_thread *vmhost_add(struct vmhost *host, const struct vmhost_program *program);

/* Runs all threads to their end under that seed; fails the test when something did not hold. */
void vmhost_run(struct vmhost *host, uint64_t seed);

/* The operations themselves, with a struct vmhost_thread as context. */
extern const struct vmm_host_ops vmhost_ops;

#endif
