/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is counted at the gate: vCPUs in guest mode, and copies that touch a page of the guest's.
 *
 * A shootdown waits for both alike.  A vCPU is thrown out by an interrupt, for which its bit stands
 * in the mask; a copy is at most a page long and is waited for.  It takes the place of a processor
 * with its translations: the number that it looks up is that of the gate's generation, and where a
 * vCPU with an older one flushes and goes on, a copy walks again.
 */
#include "vmm/vmm.h"

int
vmm_gate_count_in(struct vmm_proc *proc)
{
	uint64_t lock = vk_atomic_load64(&proc->cpulock);

	while (!(lock & VMM_LOCK_EXCL)) {
		if (vk_atomic_cas64(&proc->cpulock, lock, lock + VMM_LOCK_STEP, &lock))
			return 1;
	}
	return 0;
}

void
vmm_gate_count_out(struct vmm_proc *proc)
{
	vk_atomic_plus64(&proc->cpulock, 0 - VMM_LOCK_STEP);
}

/* Mask bit, then count; 0 when somebody holds the gate shut [DF-GATE]. */
int
vmm_gate_enter(struct vmm_proc *proc, int cpu)
{
	vk_atomic_set64(&proc->cpumask, VK_BIT(cpu));
	if (vmm_gate_count_in(proc))
		return 1;
	vk_atomic_clear64(&proc->cpumask, VK_BIT(cpu));
	return 0;
}

void
vmm_gate_leave(struct vmm_proc *proc, int cpu)
{
	vk_atomic_clear64(&proc->cpumask, VK_BIT(cpu));
	vmm_gate_count_out(proc);
}

/*
 * The generation is read before the gate is seen open: whatever raised it to that has also stored
 * what it had to store.
 */
static uint64_t
vmm_copy_look(void *ctx)
{
	struct vmm_proc *proc = ctx;
	uint64_t seen = vk_atomic_load64(&proc->invgen);

	while (vk_atomic_load64(&proc->cpulock) & VMM_LOCK_EXCL) {
		vk_pause();
		seen = vk_atomic_load64(&proc->invgen);
	}
	return seen;
}

/* As for a vCPU, the generation is compared after the count: a change cannot slip in between. */
static int
vmm_copy_enter(void *ctx, uint64_t seen)
{
	struct vmm_proc *proc = ctx;

	if (!vmm_gate_count_in(proc))
		return 0;
	if (vk_atomic_load64(&proc->invgen) == seen)
		return 1;
	vmm_gate_count_out(proc);
	return 0;
}

static void
vmm_copy_leave(void *ctx)
{
	vmm_gate_count_out(ctx);
}

static const struct vk_guard_ops vmm_copy_ops = {vmm_copy_look, vmm_copy_enter, vmm_copy_leave};

struct vk_guard
vmm_copy_guard(struct vmm_proc *proc)
{
	struct vk_guard guard = {&vmm_copy_ops, NULL};

	guard.ctx = proc;
	return guard;
}
