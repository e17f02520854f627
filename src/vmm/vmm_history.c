/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocols by which vCPUs and whoever changes tables keep out of each other's way: this
 * project's, and those of DragonFly's releases, so that what went wrong can be run.
 *
 * merge, 3.8: one word has both the bits of CPUs in guest mode and a lock.  A change of a guest's
 * entry waits until all bits are clear; nothing makes vCPUs flush afterwards, which is enough while
 * there are no VPIDs.  VMCSs move without INVEPT.  (The two differ in the order in which a VMCS
 * that moves is forgotten, which is a matter of the VMCS and not of the gate.)
 *
 * head: the gate as it is here, and a change of the EPT that captures the CPUs on which the process
 * is active instead of shutting the gate.  What its sync call copies, and what errors it passes
 * over, is the defect layer's to show.
 *
 * merge and head have a version beside them with the smallest change that repairs what
 * docs/FINDINGS.md finds in them.
 */
#include "vmm/vmm.h"

/* --- this project's --------------------------------------------------------------------------- */

static void
gate_begin(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	vmm_stop_begin(proc, ops, ctx);
}

static void
gate_end(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	(void)ops;
	(void)ctx;
	vmm_stop_end(proc);
}

/* One gate for both kinds of change: whatever was cached before it opens is flushed. */
const struct vmm_protocol vmm_protocol_vkept = {
	.name = "vkept",
	.flushes_on_migration = 1,
	.enter = vmm_gate_enter,
	.leave = vmm_gate_leave,
	.sync_begin = gate_begin,
	.sync_end = gate_end,
	.ept_begin = gate_begin,
	.ept_end = gate_end,
};

/* --- captured CPUs [DF-EPT-INVAL] ------------------------------------------------------------- */

/* CPUs other than our own on which the process is active. */
static uint64_t
others_active(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	return vk_atomic_load64(&proc->active) & ~(VMM_ACTIVE_LOCK | VK_BIT(ops->this_cpu(ctx)));
}

static void
active_lock(struct vmm_proc *proc)
{
	uint64_t active = vk_atomic_load64(&proc->active);

	for (;;) {
		if (active & VMM_ACTIVE_LOCK) {
			vk_pause();
			active = vk_atomic_load64(&proc->active);
		} else if (vk_atomic_cas64(&proc->active, active, active | VMM_ACTIVE_LOCK,
		    &active)) {
			break;
		}
	}
}

static void
capture_end(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	vk_atomic_clear64(&proc->active, VMM_ACTIVE_LOCK);
	ops->release(ctx, others_active(proc, ops, ctx));
}

/* --- merge of 2013, 3.8 ----------------------------------------------------------------------- */

/* The own bit, unless the lock is held; there is no separate count [DF-GATE-MERGE]. */
static int
merge_enter(struct vmm_proc *proc, int cpu)
{
	uint64_t mask = vk_atomic_load64(&proc->cpumask);

	while (!(mask & VMM_MASK_LOCK)) {
		if (vk_atomic_cas64(&proc->cpumask, mask, mask | VK_BIT(cpu), &mask))
			return 1;
	}
	return 0;
}

static void
merge_leave(struct vmm_proc *proc, int cpu)
{
	vk_atomic_clear64(&proc->cpumask, VK_BIT(cpu));
}

static void
merge_sync_begin(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	uint64_t mask = vk_atomic_load64(&proc->cpumask);

	for (;;) {
		if (mask & VMM_MASK_LOCK) {
			vk_pause();
			mask = vk_atomic_load64(&proc->cpumask);
		} else if (vk_atomic_cas64(&proc->cpumask, mask, mask | VMM_MASK_LOCK, &mask)) {
			break;
		}
	}
	if (mask != 0)
		ops->ipi(ctx, mask);
	while (vk_atomic_load64(&proc->cpumask) != VMM_MASK_LOCK)
		vk_pause();
}

static void
merge_sync_end(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	(void)ops;
	(void)ctx;
	vk_atomic_clear64(&proc->cpumask, VMM_MASK_LOCK);
}

/* The generation is raised while everybody is held: nobody is between comparing and entering. */
static void
merge_ept_begin(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	active_lock(proc);
	ops->capture(ctx, others_active(proc, ops, ctx));
	vk_atomic_plus64(&proc->invgen, 1);
}

const struct vmm_protocol vmm_protocol_merge = {
	.name = "merge",
	.captures = 1,
	.enter = merge_enter,
	.leave = merge_leave,
	.sync_begin = merge_sync_begin,
	.sync_end = merge_sync_end,
	.ept_begin = merge_ept_begin,
	.ept_end = capture_end,
};

/* With VPIDs an exit drops nothing: whoever was held out has to flush. */
static void
merge_repaired_sync_begin(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	merge_sync_begin(proc, ops, ctx);
	vk_atomic_plus64(&proc->invgen, 1);
}

const struct vmm_protocol vmm_protocol_merge_repaired = {
	.name = "merge-repaired",
	.flushes_on_migration = 1,
	.captures = 1,
	.enter = merge_enter,
	.leave = merge_leave,
	.sync_begin = merge_repaired_sync_begin,
	.sync_end = merge_sync_end,
	.ept_begin = merge_ept_begin,
	.ept_end = capture_end,
};

const struct vmm_protocol vmm_protocol_3_8 = {
	.name = "3.8",
	.captures = 1,
	.enter = merge_enter,
	.leave = merge_leave,
	.sync_begin = merge_sync_begin,
	.sync_end = merge_sync_end,
	.ept_begin = merge_ept_begin,
	.ept_end = capture_end,
};

/* --- head of 2020 ----------------------------------------------------------------------------- */

/* The generation is raised before the others are held, and once more after they were let go. */
static void
head_ept_begin(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	active_lock(proc);
	vk_atomic_plus64(&proc->invgen, 1);
	ops->capture(ctx, others_active(proc, ops, ctx));
}

static void
head_ept_end(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	ops->release(ctx, others_active(proc, ops, ctx));
	vk_atomic_plus64(&proc->invgen, 1);
	vk_atomic_clear64(&proc->active, VMM_ACTIVE_LOCK);
}

const struct vmm_protocol vmm_protocol_head = {
	.name = "head",
	.flushes_on_migration = 1,
	.captures = 1,
	.enter = vmm_gate_enter,
	.leave = vmm_gate_leave,
	.sync_begin = gate_begin,
	.sync_end = gate_end,
	.ept_begin = head_ept_begin,
	.ept_end = head_ept_end,
};

/* Raised while the others are still held, so that none of them enters between the two. */
static void
head_repaired_ept_end(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	vk_atomic_plus64(&proc->invgen, 1);
	capture_end(proc, ops, ctx);
}

const struct vmm_protocol vmm_protocol_head_repaired = {
	.name = "head-repaired",
	.flushes_on_migration = 1,
	.captures = 1,
	.enter = vmm_gate_enter,
	.leave = vmm_gate_leave,
	.sync_begin = gate_begin,
	.sync_end = gate_end,
	.ept_begin = head_ept_begin,
	.ept_end = head_repaired_ept_end,
};
