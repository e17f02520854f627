/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate and the shootdown with one step left out, put elsewhere, or made in two halves.
 *
 * Each function does the core's work but for that one step; with no such defect the machine keeps
 * the protocol that it has.  Where a defect opens a window, turns of a busy wait stand in it: under
 * a scripted schedule the next threads of the script make their steps there.  An exploration needs
 * no window.
 */
#include <stddef.h>

#include "defect/defect.h"

static const enum defect gate_defects[] = {
	DEFECT_NO_GENERATION_BUMP, DEFECT_BUMP_BEFORE_GATE, DEFECT_BUMP_AFTER_GATE,
	DEFECT_STORE_AFTER_GATE, DEFECT_MASK_BEFORE_GATE, DEFECT_STOP_DOES_NOT_WAIT,
	DEFECT_NO_FLUSH_ON_REVOKE, DEFECT_STORE_BEFORE_GATE, DEFECT_BUMP_BEFORE_STORE,
	DEFECT_NO_WAIT, DEFECT_NO_IPI, DEFECT_COUNT_BEFORE_MASK, DEFECT_GATE_PLAIN_STORE,
	DEFECT_COUNT_OUT_NOT_ATOMIC, DEFECT_SYNC_WHILE_COUNTED,
};

static struct defects *
defects_of(const struct machine_thread *thread)
{
	return (struct defects *)thread->machine->vmm_ops;
}

static bool
has(const struct machine_thread *thread, enum defect defect)
{
	return defects_have(defects_of(thread), defect);
}

void
defect_window(void)
{
	vk_pause();
	vk_pause();
}

static void
bump(struct vmm_proc *proc)
{
	vk_atomic_plus64(&proc->invgen, 1);
}

/* --- the initiator ---------------------------------------------------------------------------- */

/* Sets EXCL, by compare-and-swap or by a load and a store.  Returns the word as it was. */
static uint64_t
shut_gate(struct vmm_proc *proc, bool plainly)
{
	uint64_t lock = vk_atomic_load64(&proc->cpulock);

	for (;;) {
		if (lock & VMM_LOCK_EXCL) {
			vk_pause();
			lock = vk_atomic_load64(&proc->cpulock);
		} else if (plainly) {
			vk_atomic_store64(&proc->cpulock, lock | VMM_LOCK_EXCL);
			return lock;
		} else if (vk_atomic_cas64(&proc->cpulock, lock, lock | VMM_LOCK_EXCL, &lock)) {
			return lock;
		}
	}
}

/* Shuts the gate and sends everybody out who is in the way. */
static void
stop(struct vmm_proc *proc, const struct vmm_host_ops *ops, struct machine_thread *thread)
{
	bool early = has(thread, DEFECT_MASK_BEFORE_GATE);
	uint64_t mask = 0, lock;

	if (early) {
		mask = vk_atomic_load64(&proc->cpumask);
		defect_window();
	}
	lock = shut_gate(proc, has(thread, DEFECT_GATE_PLAIN_STORE));
	if ((early || lock != 0) && !has(thread, DEFECT_NO_IPI))
		ops->ipi(thread, early ? mask : vk_atomic_load64(&proc->cpumask));
	if (has(thread, DEFECT_NO_WAIT))
		return;
	while (early ? (vk_atomic_load64(&proc->cpumask) & mask) != 0 :
	    vk_atomic_load64(&proc->cpulock) != VMM_LOCK_EXCL)
		vk_pause();
}

static bool
flushes_nobody(const struct machine_thread *thread)
{
	return defects_of(thread)->revoking && has(thread, DEFECT_NO_FLUSH_ON_REVOKE);
}

/* What is changed between begin and end is changed while the gate is still open. */
static bool
stores_first(const struct machine_thread *thread)
{
	return has(thread, DEFECT_STORE_BEFORE_GATE) || has(thread, DEFECT_BUMP_BEFORE_STORE);
}

static bool
bumps_early(const struct machine_thread *thread)
{
	return has(thread, DEFECT_STOP_DOES_NOT_WAIT) || has(thread, DEFECT_BUMP_BEFORE_GATE) ||
	    has(thread, DEFECT_BUMP_BEFORE_STORE);
}

static void
stop_and_bump(struct vmm_proc *proc, const struct vmm_host_ops *ops, struct machine_thread *thread)
{
	stop(proc, ops, thread);
	if (!bumps_early(thread) && !has(thread, DEFECT_NO_GENERATION_BUMP) &&
	    !has(thread, DEFECT_BUMP_AFTER_GATE))
		bump(proc);
}

static void
stop_begin(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	struct machine_thread *thread = ctx;

	if (flushes_nobody(thread))
		return;
	if (bumps_early(thread))
		bump(proc);
	if (has(thread, DEFECT_STOP_DOES_NOT_WAIT) || stores_first(thread))
		return;
	if (has(thread, DEFECT_BUMP_BEFORE_GATE))
		defect_window();
	while (has(thread, DEFECT_SYNC_WHILE_COUNTED) && thread->vmm.exists &&
	    !vmm_gate_count_in(proc))
		vk_pause();
	stop_and_bump(proc, ops, thread);
	if (has(thread, DEFECT_STORE_AFTER_GATE)) {
		vmm_stop_end(proc);
		defect_window();
	}
}

static void
stop_end(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	struct machine_thread *thread = ctx;

	if (flushes_nobody(thread) || has(thread, DEFECT_STOP_DOES_NOT_WAIT) ||
	    has(thread, DEFECT_STORE_AFTER_GATE))
		return;
	if (stores_first(thread))
		stop_and_bump(proc, ops, thread);
	vmm_stop_end(proc);
	if (has(thread, DEFECT_BUMP_AFTER_GATE)) {
		defect_window();
		bump(proc);
	}
}

/* --- a vCPU ----------------------------------------------------------------------------------- */

/* A process' record is part of the machine's process, which knows the defects. */
static bool
proc_has(const struct vmm_proc *proc, enum defect defect)
{
	const struct machine_process *process = (const struct machine_process *)
	    ((const char *)proc - offsetof(struct machine_process, vmm));

	return defects_have((const struct defects *)process->machine->vmm_ops, defect);
}

static int
gate_enter(struct vmm_proc *proc, int cpu)
{
	if (!proc_has(proc, DEFECT_COUNT_BEFORE_MASK))
		return vmm_gate_enter(proc, cpu);
	if (!vmm_gate_count_in(proc))
		return 0;
	vk_atomic_set64(&proc->cpumask, VK_BIT(cpu));
	return 1;
}

static void
gate_leave(struct vmm_proc *proc, int cpu)
{
	if (!proc_has(proc, DEFECT_COUNT_OUT_NOT_ATOMIC)) {
		vmm_gate_leave(proc, cpu);
		return;
	}
	vk_atomic_clear64(&proc->cpumask, VK_BIT(cpu));
	vk_atomic_store64(&proc->cpulock, vk_atomic_load64(&proc->cpulock) - VMM_LOCK_STEP);
}

/* --- joining ---------------------------------------------------------------------------------- */

void
defect_gate_join(struct defects *defects)
{
	size_t i;

	for (i = 0; i < sizeof(gate_defects) / sizeof(gate_defects[0]); i++) {
		if (!defects_have(defects, gate_defects[i]))
			continue;
		defects->protocol = *defects->ops.protocol;
		defects->protocol.enter = gate_enter;
		defects->protocol.leave = gate_leave;
		defects->protocol.sync_begin = defects->protocol.ept_begin = stop_begin;
		defects->protocol.sync_end = defects->protocol.ept_end = stop_end;
		defects->ops.protocol = &defects->protocol;
		return;
	}
}
