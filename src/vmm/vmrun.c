/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop that a vCPU thread runs for the rest of its life: make the VMCS current on this CPU,
 * pass the gate, flush if the EPT has moved on, enter the guest, handle why it came back.
 *
 * The order of the steps is the protocol.  The mask bit goes up before the count, so that whoever
 * waits for the count knows whom to interrupt; the generation is compared after the count, so that
 * a change cannot slip in between; interrupts stay off from the mask bit to the entry, so that the
 * interrupt meant to throw us out of the guest is not taken too early.
 */
#include "vmm/vmm.h"

/*
 * The process is active on this CPU from now on.  Who captures active CPUs either finds us among
 * them or has the lock, and is waited for.
 */
static void
vmm_activate(struct vmm_vcpu *vcpu, int cpu)
{
	uint64_t *active = &vcpu->proc->active;

	vk_atomic_set64(active, VK_BIT(cpu));
	while (vcpu->ops->protocol->captures && (vk_atomic_load64(active) & VMM_ACTIVE_LOCK))
		vk_pause();
}

/* A VMCS is active on one CPU only: clear it there before it is loaded here [DF-MIGRATE]. */
static void
vmm_migrate(struct vmm_vcpu *vcpu, int cpu)
{
	uint64_t eptp = vk_atomic_load64(&vcpu->proc->eptp);
	int flush = vcpu->ops->protocol->flushes_on_migration;

	if (vcpu->last_cpu != VMM_NO_CPU && vcpu->last_cpu != cpu) {
		vcpu->ops->vmclear_on(vcpu->ctx, vcpu->last_cpu, flush ? eptp : 0);
		vcpu->launched = 0;
	}
	if (vcpu->last_cpu != cpu) {
		vcpu->last_cpu = cpu;
		vcpu->ops->vmptrld(vcpu->ctx, 1);
		vmm_activate(vcpu, cpu);
		/* What a sibling left cached here may be older than our generation. */
		if (flush)
			vcpu->ops->invept(vcpu->ctx, eptp);
	} else if (!vcpu->ops->is_current(vcpu->ctx)) {
		vcpu->ops->vmptrld(vcpu->ctx, 0);
	}
}

/* What was cached under an older generation must go before the guest runs [DF-GENERATION]. */
static void
vmm_flush_if_stale(struct vmm_vcpu *vcpu)
{
	struct vmm_proc *proc = vcpu->proc;

	if (vcpu->eptgen == vk_atomic_load64(&proc->invgen))
		return;
	vcpu->eptgen = vk_atomic_load64(&proc->invgen);
	vcpu->ops->invept(vcpu->ctx, vk_atomic_load64(&proc->eptp));
}

enum vmm_passage {
	VMM_PASSED,  /* guest mode was tried: look at the entry's result */
	VMM_AGAIN,   /* something had to be done first, and is */
	VMM_GATE_SHUT
};

/* One passage through guest mode. */
static enum vmm_passage
vmm_enter_once(struct vmm_vcpu *vcpu, enum vmm_entry *entry, struct vmx_exit *exit)
{
	const struct vmm_host_ops *ops = vcpu->ops;
	enum vmm_passage passage = VMM_AGAIN;
	void *ctx = vcpu->ctx;
	int cpu;

	ops->critical(ctx, 1);
	cpu = ops->this_cpu(ctx);
	vmm_migrate(vcpu, cpu);
	ops->interrupts(ctx, 0);
	if (!ops->must_leave(ctx)) {
		passage = VMM_GATE_SHUT;
		if (ops->protocol->enter(vcpu->proc, cpu)) {
			passage = VMM_PASSED;
			ops->write_guest(ctx, vcpu->cr3);
			vmm_flush_if_stale(vcpu);
			*entry = ops->enter(ctx, vcpu->launched, exit);
			vcpu->launched = *entry == VMM_ENTERED &&
			    !(exit->reason & VMX_REASON_ENTRY_FAILED);
			ops->protocol->leave(vcpu->proc, cpu);
		}
	}
	ops->interrupts(ctx, 1);
	ops->critical(ctx, 0);
	return passage;
}

enum vmm_end
vmm_run(struct vmm_vcpu *vcpu)
{
	enum vmm_entry entry = VMM_ENTERED;
	enum vmm_end end = VMM_RUNNING;
	struct vmx_exit exit;

	while (end == VMM_RUNNING) {
		enum vmm_passage passage = vmm_enter_once(vcpu, &entry, &exit);

		if (passage == VMM_PASSED)
			end = entry == VMM_ENTERED ? vmm_exit_dispatch(vcpu, &exit) :
			    VMM_END_ENTRY_FAILED;
		else if (passage == VMM_GATE_SHUT)
			vk_pause();
	}
	return end;
}
