/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a thread becomes a vCPU and ceases to be one.
 *
 * The first thread of a vkernel, the master, builds the EPT space; every later one, a slave, takes
 * only the pointer to it.  Where the kernel of 2013 trusted its caller (a root supplied by the
 * user, a second initialisation, a master among other threads), this refuses.
 */
#include "vmm/vmm.h"

static enum vmm_status
vmm_init_master(struct vmm_vcpu *vcpu, const struct vmm_options *options)
{
	struct vmm_proc *proc = vcpu->proc;
	uint64_t eptp;

	if (vk_atomic_load64(&proc->ready))
		return VMM_SECOND_MASTER;
	if (options->threads > 1)
		return VMM_NOT_ALONE;
	if (!guestpt_cr3_is_valid(options->guest_cr3, options->maxphyaddr))
		return VMM_BAD_CR3;
	if (!vcpu->ops->ept_create(vcpu->ctx, &eptp))
		return VMM_NO_MEMORY;
	vcpu->cr3 = options->guest_cr3;
	vk_atomic_store64(&proc->eptp, eptp);
	vk_atomic_store64(&proc->guest_cr3, options->guest_cr3);
	vk_atomic_store64(&proc->active, 0);
	vk_atomic_store64(&proc->vcpus, 1);
	/* Last: a slave that sees this sees all of the above. */
	vk_atomic_store64(&proc->ready, 1);
	return VMM_OK;
}

/* Counts a slave in, unless the last vCPU has just gone. */
static int
vmm_join(struct vmm_proc *proc)
{
	uint64_t count = vk_atomic_load64(&proc->vcpus);

	while (count != 0) {
		if (vk_atomic_cas64(&proc->vcpus, count, count + 1, &count))
			return 1;
	}
	return 0;
}

/* Counts a vCPU out; the last one frees the EPT [DF-LAST]. */
static void
vmm_leave(struct vmm_vcpu *vcpu)
{
	struct vmm_proc *proc = vcpu->proc;
	uint64_t eptp = vk_atomic_load64(&proc->eptp);

	if (vk_atomic_add64(&proc->vcpus, ~0ull) == 1) {
		vk_atomic_store64(&proc->ready, 0);
		vcpu->ops->ept_destroy(vcpu->ctx, eptp);
	}
}

static enum vmm_status
vmm_init_slave(struct vmm_vcpu *vcpu, const struct vmm_options *options)
{
	struct vmm_proc *proc = vcpu->proc;

	if (!vk_atomic_load64(&proc->ready) || !vmm_join(proc))
		return VMM_NO_RECORD;
	/* Counted in, the record stays; counted out, this may have been the last one that was. */
	if (options->ept_root != 0 && options->ept_root != vk_atomic_load64(&proc->eptp)) {
		vmm_leave(vcpu);
		return VMM_BAD_ROOT;
	}
	vcpu->cr3 = vk_atomic_load64(&proc->guest_cr3);
	return VMM_OK;
}

enum vmm_status
vmm_init(struct vmm_vcpu *vcpu, struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx,
    const struct vmm_options *options)
{
	enum vmm_status status;

	if (vcpu->exists)
		return VMM_IS_VCPU;
	vcpu->proc = proc;
	vcpu->ops = ops;
	vcpu->ctx = ctx;
	vcpu->eptgen = 0;
	vcpu->last_cpu = VMM_NO_CPU;
	vcpu->launched = 0;
	status = options->master ? vmm_init_master(vcpu, options) : vmm_init_slave(vcpu, options);
	vcpu->exists = status == VMM_OK;
	return status;
}

void
vmm_destroy(struct vmm_vcpu *vcpu)
{
	if (!vcpu->exists)
		return;
	if (vcpu->last_cpu != VMM_NO_CPU)
		vcpu->ops->vmclear_on(vcpu->ctx, vcpu->last_cpu,
		    vk_atomic_load64(&vcpu->proc->eptp));
	vcpu->last_cpu = VMM_NO_CPU;
	vcpu->launched = 0;
	vcpu->exists = 0;
	vmm_leave(vcpu);
}
