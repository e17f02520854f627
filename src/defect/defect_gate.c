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
	DEFECT_COUNT_OUT_NOT_ATOMIC, DEFECT_SYNC_WHILE_COUNTED, DEFECT_SLEEP_WITHOUT_INTERLOCK,
	DEFECT_ACK_BEFORE_EXIT,
};

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

/* Takes a CPU out of the mask; false: somebody else has. */
static bool
take_out(struct vmm_proc *proc, unsigned cpu)
{
	uint64_t mask = vk_atomic_load64(&proc->cpumask);

	while (mask & VK_BIT(cpu)) {
		if (vk_atomic_cas64(&proc->cpumask, mask, mask & ~VK_BIT(cpu), &mask))
			return true;
	}
	return false;
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

/* A CPU in guest mode answers as its interrupt comes: an instruction may still be under way. */
static void
acknowledge(struct vmm_proc *proc, struct machine *machine, uint64_t mask)
{
	unsigned cpu;

	for (cpu = 0; cpu < machine->config.cpus; cpu++) {
		if (!(mask & VK_BIT(cpu)))
			continue;
		watch_whole(true);
		watch_touch(watch_cell_of(WATCH_CPU, cpu), WATCH_READ);
		if (machine->cpu[cpu].guest != NULL && take_out(proc, cpu))
			vmm_gate_count_out(proc);
		watch_whole(false);
	}
}

static void
send(struct vmm_proc *proc, const struct vmm_host_ops *ops, struct machine_thread *thread,
    uint64_t mask)
{
	ops->ipi(thread, mask);
	if (thread_has(thread, DEFECT_ACK_BEFORE_EXIT))
		acknowledge(proc, thread->machine, mask);
}

/* Shuts the gate and sends everybody out who is in the way. */
static void
stop(struct vmm_proc *proc, const struct vmm_host_ops *ops, struct machine_thread *thread)
{
	bool early = thread_has(thread, DEFECT_MASK_BEFORE_GATE);
	uint64_t mask = 0, lock;

	if (early) {
		mask = vk_atomic_load64(&proc->cpumask);
		defect_window();
	}
	lock = shut_gate(proc, thread_has(thread, DEFECT_GATE_PLAIN_STORE));
	if ((early || lock != 0) && !thread_has(thread, DEFECT_NO_IPI))
		send(proc, ops, thread, early ? mask : vk_atomic_load64(&proc->cpumask));
	if (thread_has(thread, DEFECT_NO_WAIT))
		return;
	while (early ? (vk_atomic_load64(&proc->cpumask) & mask) != 0 :
	    vk_atomic_load64(&proc->cpulock) != VMM_LOCK_EXCL)
		vk_pause();
}

static bool
flushes_nobody(const struct machine_thread *thread)
{
	return thread_defects(thread)->revoking && thread_has(thread, DEFECT_NO_FLUSH_ON_REVOKE);
}

/* What is changed between begin and end is changed while the gate is still open. */
static bool
stores_first(const struct machine_thread *thread)
{
	return thread_has(thread, DEFECT_STORE_BEFORE_GATE) ||
	    thread_has(thread, DEFECT_BUMP_BEFORE_STORE);
}

static bool
bumps_early(const struct machine_thread *thread)
{
	return thread_has(thread, DEFECT_STOP_DOES_NOT_WAIT) ||
	    thread_has(thread, DEFECT_BUMP_BEFORE_GATE) ||
	    thread_has(thread, DEFECT_BUMP_BEFORE_STORE);
}

static void
stop_and_bump(struct vmm_proc *proc, const struct vmm_host_ops *ops, struct machine_thread *thread)
{
	stop(proc, ops, thread);
	if (!bumps_early(thread) && !thread_has(thread, DEFECT_NO_GENERATION_BUMP) &&
	    !thread_has(thread, DEFECT_BUMP_AFTER_GATE))
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
	if (thread_has(thread, DEFECT_STOP_DOES_NOT_WAIT) || stores_first(thread))
		return;
	if (thread_has(thread, DEFECT_BUMP_BEFORE_GATE))
		defect_window();
	while (thread_has(thread, DEFECT_SYNC_WHILE_COUNTED) && thread->vmm.exists &&
	    !vmm_gate_count_in(proc))
		vk_pause();
	stop_and_bump(proc, ops, thread);
	if (thread_has(thread, DEFECT_STORE_AFTER_GATE)) {
		vmm_stop_end(proc);
		defect_window();
	}
}

static void
stop_end(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	struct machine_thread *thread = ctx;

	if (flushes_nobody(thread) || thread_has(thread, DEFECT_STOP_DOES_NOT_WAIT) ||
	    thread_has(thread, DEFECT_STORE_AFTER_GATE))
		return;
	if (stores_first(thread))
		stop_and_bump(proc, ops, thread);
	vmm_stop_end(proc);
	if (thread_has(thread, DEFECT_SLEEP_WITHOUT_INTERLOCK)) /* whoever sleeps is woken */
		ops->ipi(thread, vk_atomic_load64(&proc->active) &
		    ~(VMM_ACTIVE_LOCK | VK_BIT(ops->this_cpu(thread))));
	if (thread_has(thread, DEFECT_BUMP_AFTER_GATE)) {
		defect_window();
		bump(proc);
	}
}

/* --- a vCPU ----------------------------------------------------------------------------------- */

/* A process' record is part of the machine's process, which knows the defects. */
static struct defects *
defects_of_proc(const struct vmm_proc *proc)
{
	const struct machine_process *process = (const struct machine_process *)
	    ((const char *)proc - offsetof(struct machine_process, vmm));

	return (struct defects *)process->machine->vmm_ops;
}

static bool
proc_has(const struct vmm_proc *proc, enum defect defect)
{
	return defects_have(defects_of_proc(proc), defect);
}

static int
enter_in_order(struct vmm_proc *proc, int cpu)
{
	if (!proc_has(proc, DEFECT_COUNT_BEFORE_MASK))
		return vmm_gate_enter(proc, cpu);
	if (!vmm_gate_count_in(proc))
		return 0;
	vk_atomic_set64(&proc->cpumask, VK_BIT(cpu));
	return 1;
}

static int
gate_enter(struct vmm_proc *proc, int cpu)
{
	int entered = enter_in_order(proc, cpu);

	if (!entered && proc_has(proc, DEFECT_SLEEP_WITHOUT_INTERLOCK))
		defects_of_proc(proc)->sleepy[cpu] = true;
	return entered;
}

static void
gate_leave(struct vmm_proc *proc, int cpu)
{
	if (proc_has(proc, DEFECT_ACK_BEFORE_EXIT)) {
		if (take_out(proc, (unsigned)cpu))
			vmm_gate_count_out(proc);
		return;
	}
	if (!proc_has(proc, DEFECT_COUNT_OUT_NOT_ATOMIC)) {
		vmm_gate_leave(proc, cpu);
		return;
	}
	vk_atomic_clear64(&proc->cpumask, VK_BIT(cpu));
	vk_atomic_store64(&proc->cpulock, vk_atomic_load64(&proc->cpulock) - VMM_LOCK_STEP);
}

/* A wakeup is an interrupt; one that came before it was waited for was taken, and is forgotten. */
void
defect_gate_sleep(struct machine_thread *thread)
{
	watch_cell cell = watch_cell_of(WATCH_INTERRUPT, thread->cpu);
	bool *interrupt = &thread->machine->cpu[thread->cpu].interrupt;

	watch_touch(cell, WATCH_READ);
	while (!*interrupt) {
		vk_pause();
		watch_touch(cell, WATCH_READ);
	}
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
