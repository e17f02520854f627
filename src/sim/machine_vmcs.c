/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMCS of a thread: clear or launched, active on one CPU or on none, current there or not.
 *
 * A processor trusts software with the rules: it may keep an active VMCS in its own memory, and
 * says nothing when another one loads it or when the region gets another use.  Here that is told.
 * Its contents are the thread's registers, and are not lost by a wrong use.
 */
#include "sim/machine.h"
#include "sim/watch.h"

static void
touch_cpu(unsigned cpu)
{
	watch_touch(watch_cell_of(WATCH_CPU, cpu), WATCH_READ | WATCH_WRITE);
}

/* Tells of a use that is undefined; always false. */
static bool
undefined(struct machine_thread *thread, const char *what)
{
	struct machine *machine = thread->machine;
	struct event event = { .kind = EVENT_UNDEFINED, .name = what };

	machine->count.undefined++;
	thread->undefined++;
	machine_emit(machine, &event);
	if (machine->undefined != NULL)
		machine->undefined(machine->undefined_ctx, thread, what);
	return false;
}

static bool
is_active_elsewhere(const struct machine_thread *thread, unsigned cpu)
{
	return thread->vmcs_cpu != VMM_NO_CPU && thread->vmcs_cpu != (int)cpu;
}

bool
machine_vmclear(struct machine_thread *thread, unsigned cpu)
{
	struct machine *machine = thread->machine;
	bool defined = true;

	touch_cpu(cpu);
	if (is_active_elsewhere(thread, cpu))
		defined = undefined(thread, "VMCLEAR of a VMCS that is active on another CPU");
	if (machine->cpu[cpu].loaded == thread)
		machine->cpu[cpu].loaded = NULL;
	thread->vmcs_launched = false;
	thread->vmcs_cpu = VMM_NO_CPU;
	return defined;
}

bool
machine_vmptrld(struct machine_thread *thread)
{
	struct machine_cpu *cpu = &thread->machine->cpu[thread->cpu];
	bool defined = true;

	touch_cpu(thread->cpu);
	if (is_active_elsewhere(thread, thread->cpu))
		defined = undefined(thread, "VMPTRLD of a VMCS that is active on another CPU");
	cpu->loaded = thread;
	thread->vmcs_cpu = (int)thread->cpu;
	thread->vcpu.tlb = cpu->tlb;
	return defined;
}

bool
machine_vmcs_free(struct machine_thread *thread)
{
	int cpu = thread->vmcs_cpu;

	if (cpu == VMM_NO_CPU)
		return true;
	touch_cpu((unsigned)cpu);
	if (thread->machine->cpu[cpu].loaded == thread)
		thread->machine->cpu[cpu].loaded = NULL;
	thread->vmcs_cpu = VMM_NO_CPU;
	return undefined(thread, "the region of an active VMCS is freed");
}

uint32_t
machine_entry_check(const struct machine_thread *thread, int resume, bool *bad_guest)
{
	const struct vcpu *vcpu = &thread->vcpu;

	*bad_guest = false;
	if (!resume && thread->vmcs_launched)
		return VMX_ERROR_LAUNCH_NOT_CLEAR;
	if (resume && !thread->vmcs_launched)
		return VMX_ERROR_RESUME_NOT_LAUNCHED;
	if (vcpu->ept_on && ept_eptp_check(vcpu->ept.eptp, thread->machine->config.ept_cap,
	    vcpu->mode.maxphyaddr) != EPTP_VALID)
		return VMX_ERROR_CONTROLS;
	if (vcpu->vpid_on && vcpu->vpid == 0)
		return VMX_ERROR_CONTROLS;
	*bad_guest = !guestpt_cr3_is_valid(vcpu->mode.cr3, vcpu->mode.maxphyaddr) ||
	    !vcpu_is_canonical(vcpu, thread->rip);
	return 0;
}
