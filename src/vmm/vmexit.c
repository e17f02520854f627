/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an exit to what is done about it, by table.
 *
 * The kernel of 2013 took every #UD for a system call and let every exit it did not know end the
 * process, so that any program of the guest could end its kernel.  Here #UD is decoded first, and
 * what a CPL-3 guest can raise at will goes back to the guest.
 */
#include "vmm/vmm.h"

typedef enum vmm_end (*vmm_exit_fn)(struct vmm_vcpu *vcpu, const struct vmx_exit *exit);

static enum vmm_end
exit_resume(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	(void)vcpu;
	(void)exit;
	return VMM_RUNNING;
}

static enum vmm_end
exit_reflect(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	return vcpu->ops->reflect(vcpu->ctx, exit);
}

/*
 * Steps over an instruction.  Where the next address is not canonical VM entry would fail: 0, and
 * the guest gets the fault that fetching from there is [VMX-ENTRY]; *end is what came of that.
 */
static int
step_over(struct vmm_vcpu *vcpu, unsigned bytes, enum vmm_end *end)
{
	struct vmx_exit beyond = {.reason = VMX_EXIT_EXCEPTION};

	*end = VMM_RUNNING;
	if (vcpu->ops->advance(vcpu->ctx, bytes))
		return 1;
	beyond.intr_info = vmx_intr_info(VMX_VECTOR_GP, VMX_INTR_HARDWARE, 1);
	*end = vcpu->ops->reflect(vcpu->ctx, &beyond);
	return 0;
}

static enum vmm_end
exit_cpuid(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	enum vmm_end end;

	vcpu->ops->emulate_cpuid(vcpu->ctx);
	(void)step_over(vcpu, exit->instruction_length, &end);
	return end;
}

static enum vmm_end
exit_ept_violation(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	unsigned acc = VK_ACC_R;

	/* A table access reports read and write: it is a write fault on that page. */
	if (exit->qualification & VK_ACC_W)
		acc = VK_ACC_W;
	else if (exit->qualification & VK_ACC_X)
		acc = VK_ACC_X;
	if (vcpu->ops->fault(vcpu->ctx, exit->gpa, acc))
		return VMM_RUNNING;
	return vcpu->ops->reflect(vcpu->ctx, exit);
}

/* An entry of the EPT that no processor accepts: no guest can have made it. */
static enum vmm_end
exit_ept_misconfig(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	(void)vcpu;
	(void)exit;
	return VMM_END_HOST_BUG;
}

static enum vmm_end
exception_invalid_opcode(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	unsigned char bytes[VMM_INSTRUCTION_MAX];
	struct vmx_exit fault = {0};
	unsigned count, length;
	enum vmm_end end;

	count = vcpu->ops->fetch(vcpu->ctx, bytes, sizeof(bytes), &fault);
	length = vmm_decode_syscall(bytes, count);
	if (length == VMM_CUT_SHORT)
		return vcpu->ops->reflect(vcpu->ctx, &fault);
	if (length == 0)
		return vcpu->ops->reflect(vcpu->ctx, exit);
	if (!step_over(vcpu, length, &end) || vcpu->ops->is_flush_call(vcpu->ctx))
		return end;
	return vcpu->ops->syscall(vcpu->ctx);
}

static enum vmm_end
exception_breakpoint(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	enum vmm_end end;

	/* A software exception: the length is defined. */
	if (vmx_intr_type(exit->intr_info) == VMX_INTR_SOFTWARE &&
	    !step_over(vcpu, exit->instruction_length, &end))
		return end;
	return vcpu->ops->reflect(vcpu->ctx, exit);
}

static const vmm_exit_fn exception_table[32] = {
	[VMX_VECTOR_NMI] = exit_resume, /* the host's handler has had it */
	[VMX_VECTOR_BP] = exception_breakpoint,
	[VMX_VECTOR_UD] = exception_invalid_opcode,
	[VMX_VECTOR_NM] = exit_resume, /* entry restores the FPU state */
	[VMX_VECTOR_MC] = exit_resume,
};

static enum vmm_end
exit_exception(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	uint32_t vector = exit->intr_info & VMX_INTR_VECTOR;

	if (vector < 32 && exception_table[vector] != NULL)
		return exception_table[vector](vcpu, exit);
	return vcpu->ops->reflect(vcpu->ctx, exit);
}

/* Reasons without an entry end the process. */
static const vmm_exit_fn exit_table[] = {
	[VMX_EXIT_EXCEPTION] = exit_exception,
	[VMX_EXIT_INTERRUPT] = exit_resume,
	[VMX_EXIT_CPUID] = exit_cpuid,
	[VMX_EXIT_VMCALL] = exit_reflect,
	[19] = exit_reflect, /* VMCLEAR to VMXON */
	[20] = exit_reflect,
	[21] = exit_reflect,
	[22] = exit_reflect,
	[23] = exit_reflect,
	[24] = exit_reflect,
	[25] = exit_reflect,
	[26] = exit_reflect,
	[27] = exit_reflect,
	[VMX_EXIT_PAUSE] = exit_resume,
	[VMX_EXIT_EPT_VIOLATION] = exit_ept_violation,
	[VMX_EXIT_EPT_MISCONFIG] = exit_ept_misconfig,
	[VMX_EXIT_INVEPT] = exit_reflect,
	[VMX_EXIT_PREEMPTION_TIMER] = exit_resume,
	[VMX_EXIT_INVVPID] = exit_reflect,
	[VMX_EXIT_VMFUNC] = exit_reflect,
};

enum vmm_end
vmm_exit_dispatch(struct vmm_vcpu *vcpu, const struct vmx_exit *exit)
{
	uint32_t reason = exit->reason & 0xffffu;

	if ((exit->reason & VMX_REASON_ENTRY_FAILED) ||
	    reason >= sizeof(exit_table) / sizeof(exit_table[0]) || exit_table[reason] == NULL)
		return VMM_END_KILLED;
	return exit_table[reason](vcpu, exit);
}

/*
 * Prefixes that SYSCALL may carry and still be SYSCALL: all but LOCK.  A REX prefix that does not
 * stand directly before the opcode is ignored; it does no harm.
 */
static int
is_legal_prefix(unsigned char byte)
{
	static const unsigned char legacy[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67,
		0xf2, 0xf3 };
	unsigned i;

	if ((byte & 0xf0) == 0x40)
		return 1; /* REX */
	for (i = 0; i < sizeof(legacy); i++) {
		if (byte == legacy[i])
			return 1;
	}
	return 0;
}

unsigned
vmm_decode_syscall(const unsigned char *bytes, unsigned count)
{
	unsigned at = 0;

	while (at < count && is_legal_prefix(bytes[at]))
		at++;
	if (at + 2 > VMM_INSTRUCTION_MAX)
		return 0;
	if (at == count)
		return VMM_CUT_SHORT;
	if (bytes[at] != 0x0f)
		return 0;
	if (at + 1 == count)
		return VMM_CUT_SHORT;
	return bytes[at + 1] == 0x05 ? at + 2 : 0;
}
