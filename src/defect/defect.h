/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defects on purpose: copies, walks and protocols that deviate from the core's in named ways, so
 * that a scenario can show the damage.
 *
 * A test-only layer.  The core does not know it; the simulator has one seam, machine->vmm_ops,
 * through which it is put in the place of the real thing.  With an empty set the
 * functions below are the core's own.
 */
#ifndef VK_DEFECT_DEFECT_H
#define VK_DEFECT_DEFECT_H

#include "defect/defect_list.h"
#include "guestpt/pmap_inval.h"
#include "sim/machine.h"
#include "sim/watch.h"

#define DEFECT_THREADS_MAX 64
#define DEFECT_REMEMBERED 64

/* The defects of one machine and what they have to remember. */
struct defects {
	struct vmm_host_ops ops;      /* first: machine->vmm_ops points here */
	struct vmm_protocol protocol; /* of these, when the gate deviates */
	struct vk_pmap family;            /* the deviating copy functions */
	uint64_t set[DEFECT_WORDS];       /* bit n: enum defect n */
	struct machine *machine;
	struct machine_process *process;  /* whose memory copyio last went to */
	uint64_t freed_root;              /* of the EPT that was freed last; 0: none */
	uint64_t root[DEFECT_THREADS_MAX]; /* that a thread brought; 0: none */
	uint32_t length[DEFECT_THREADS_MAX]; /* of the instruction, by the last exit */
	uint64_t seen[DEFECT_THREADS_MAX]; /* generation, ahead of the gate */
	bool sleepy[MACHINE_CPUS_MAX];     /* a vCPU there has just found the gate shut */
	struct {
		gpa_t slot;
		uint64_t entry;
	} remembered[DEFECT_REMEMBERED];  /* level 1 entries that were read once */
	unsigned remembered_count;
	bool revoking;                    /* the memory map takes pages back */
	bool loading;                     /* the INVEPT to come is that of a VMPTRLD */
};

static inline bool
defects_have(const struct defects *defects, enum defect defect)
{
	return (defects->set[defect / 64] >> (defect % 64) & 1) != 0;
}

static inline bool
defects_any(const struct defects *defects)
{
	uint64_t any = 0;
	unsigned i;

	for (i = 0; i < DEFECT_WORDS; i++)
		any |= defects->set[i];
	return any != 0;
}

/* Prepares *defects and, unless the set is empty, makes them the machine's. */
void defects_init(struct defects *defects, struct machine *machine,
    const uint64_t set[DEFECT_WORDS]);

/* What the defects remember that decides how a run goes on: of all threads, and of one. */
void defects_state(const struct defects *defects, const struct watch_sink *sink);
void defects_thread_state(const struct defects *defects, unsigned thread,
    const struct watch_sink *sink);

/* To be called for each process of the machine, once it has its memory map. */
void defects_join_process(struct defects *defects, struct machine_process *process);

/* Gives a nested user space the deviating functions; `process` may be NULL. */
void defects_join_us(struct defects *defects, struct vk_us *us, struct machine_process *process);

/* vmm_init() for a thread of the machine. */
enum vmm_status defects_vminit(struct defects *defects, struct machine_thread *thread,
    const struct vmm_options *options);

/* vmm_guest_sync_addr() for a thread of the machine. */
enum vmm_status defects_sync_addr(struct defects *defects, struct machine_thread *thread,
    struct vk_us *us, gva_t dst, gva_t src);

/* Whether a process may run on that CR3; a defect may find every one good. */
bool defects_cr3_is_valid(const struct defects *defects, uint64_t cr3, unsigned maxphyaddr);

/* A pmap routine's view of the machine, between the routine and the real one. */
struct defect_pmap {
	struct defects *defects;
	const struct pmap_inval_ops *real;
	void *ctx;
};

extern const struct pmap_inval_ops defect_pmap_ops;

/* --- within the room -------------------------------------------------------------------------- */

/* The defects of the thread's machine, which has some. */
static inline struct defects *
thread_defects(const struct machine_thread *thread)
{
	return (struct defects *)thread->machine->vmm_ops;
}

static inline bool
thread_has(const struct machine_thread *thread, enum defect defect)
{
	return defects_have(thread_defects(thread), defect);
}

/* Gives the machine's protocol the defects of its gate, if there are any. */
void defect_gate_join(struct defects *defects);

/* A vCPU that has found the gate shut sleeps. */
void defect_gate_sleep(struct machine_thread *thread);

/* Where a defect leaves something undone, others make their steps here. */
void defect_window(void);

/* Translates one user address with the defects of the walk; 0 when it fails. */
int defect_translate(struct defects *defects, struct vk_us *us, gva_t uaddr, unsigned acc,
    gpa_t *gpa);

/* The deviating copy functions; us->pmap is the family of a struct defects. */
extern const struct vk_pmap defect_family;

struct defects *defects_of_us(const struct vk_us *us);

#endif
