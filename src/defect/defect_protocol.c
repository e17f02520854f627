/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM around its gate with defects: the sync call, INVEPT, what a thread may become, what an
 * exit comes to.
 *
 * Each function does the core's work but for the steps that a defect leaves out or puts elsewhere.
 */
#include <string.h>

#include "defect/defect.h"

/* --- vmm_guest_sync_addr ---------------------------------------------------------------------- */

/* Errors come back as words and are stored like words. */
static enum vmm_status
swap_unchecked(struct vk_us *us, gva_t dst, gva_t src)
{
	uint64_t value, old;

	if (vk_fuword64(us, src, &value) != VK_OK)
		value = ~0ull;
	if (vk_swapu64(us, dst, value, &old) != VK_OK)
		old = 14;
	(void)vk_suword64(us, src, old);
	return VMM_OK;
}

static enum vmm_status
copy_only(struct vk_us *us, gva_t dst, gva_t src)
{
	uint64_t value;

	if (vk_copyin(us, src, &value, sizeof(value), NULL) != VK_OK ||
	    vk_copyout(us, &value, dst, sizeof(value), NULL) != VK_OK)
		return VMM_FAULT;
	return VMM_OK;
}

static enum vmm_status
swap_words(struct vk_us *us, gva_t dst, gva_t src)
{
	uint64_t value, old;

	if (vk_fuword64(us, src, &value) != VK_OK || vk_suword64(us, src, value) != VK_OK ||
	    vk_swapu64(us, dst, value, &old) != VK_OK || vk_suword64(us, src, old) != VK_OK)
		return VMM_FAULT;
	return VMM_OK;
}

enum vmm_status
defects_sync_addr(struct defects *defects, struct machine_thread *thread, struct vk_us *us,
    gva_t dst, gva_t src)
{
	struct vmm_proc *proc = &thread->process->vmm;
	const struct vmm_host_ops *ops = thread->machine->vmm_ops;
	enum vmm_status status = VMM_OK;

	if (!defects_any(defects))
		return vmm_guest_sync_addr(proc, ops, thread, us, dst, src);
	if (!vk_atomic_load64(&proc->ready))
		return VMM_NO_RECORD;
	if (dst.v == 0 && defects_have(defects, DEFECT_SYNC_NULL_RETURNS))
		return VMM_OK;
	ops->protocol->sync_begin(proc, ops, thread);
	if (dst.v == 0)
		status = VMM_OK;
	else if (defects_have(defects, DEFECT_SYNC_ERRORS_UNCHECKED))
		status = swap_unchecked(us, dst, src);
	else if (defects_have(defects, DEFECT_SYNC_PLAIN_COPY))
		status = copy_only(us, dst, src);
	else
		status = swap_words(us, dst, src);
	if (status != VMM_OK && defects_have(defects, DEFECT_GATE_LEFT_SHUT))
		return status;
	ops->protocol->sync_end(proc, ops, thread);
	return status;
}

/* --- becoming a vCPU -------------------------------------------------------------------------- */

/* A slave without a master: its own root makes the record. */
static enum vmm_status
become_alone(struct machine_thread *thread, const struct vmm_options *options)
{
	struct vmm_proc *proc = &thread->process->vmm;
	struct vmm_options as_slave = *options;

	vk_atomic_store64(&proc->eptp, options->ept_root);
	vk_atomic_store64(&proc->guest_cr3, options->guest_cr3);
	vk_atomic_store64(&proc->vcpus, 1);
	vk_atomic_store64(&proc->ready, 1);
	as_slave.ept_root = 0;
	return vmm_init(&thread->vmm, proc, thread->machine->vmm_ops, thread, &as_slave);
}

static enum vmm_status
become_with_root(struct defects *defects, struct machine_thread *thread,
    const struct vmm_options *options)
{
	struct vmm_options plain = *options;
	enum vmm_status status;

	plain.ept_root = 0;
	if (vk_atomic_load64(&thread->process->vmm.ready))
		status = vmm_init(&thread->vmm, &thread->process->vmm,
		    thread->machine->vmm_ops, thread, &plain);
	else
		status = become_alone(thread, options);
	defects->root[thread->index % DEFECT_THREADS_MAX] = options->ept_root;
	return status;
}

/* What the error path gives back was another's. */
static void
leave_unjoined(struct machine_thread *thread)
{
	struct vmm_proc *proc = &thread->process->vmm;

	if (vk_atomic_add64(&proc->vcpus, ~0ull) == 1) {
		vk_atomic_store64(&proc->ready, 0);
		thread->machine->vmm_ops->ept_destroy(thread, proc->eptp);
	}
}

enum vmm_status
defects_vminit(struct defects *defects, struct machine_thread *thread,
    const struct vmm_options *options)
{
	struct vmm_proc *proc = &thread->process->vmm;
	enum vmm_status status;

	if (!options->master && options->ept_root != 0 &&
	    defects_have(defects, DEFECT_USER_SUPPLIED_ROOT))
		return become_with_root(defects, thread, options);
	if (thread->vmm.exists && defects_have(defects, DEFECT_SECOND_RUN_ACCEPTED)) {
		/* The new VMCS is clear; the old one, and its share of the record, are lost. */
		thread->vmm.exists = 0;
		thread->vmcs_launched = false;
		thread->vmcs_cpu = VMM_NO_CPU;
	}
	status = vmm_init(&thread->vmm, proc, thread->machine->vmm_ops, thread, options);
	if (status != VMM_OK && vk_atomic_load64(&proc->ready) &&
	    defects_have(defects, DEFECT_FAILED_INIT_FREES))
		leave_unjoined(thread);
	return status;
}

/* --- the machine below the loop --------------------------------------------------------------- */

/* The new EPT's root is moved to that of the one that was freed last. */
static bool
reuse_root(struct machine_thread *thread, uint64_t *eptp)
{
	struct defects *defects = thread_defects(thread);
	struct ept *ept = &thread->process->ept;
	static const unsigned char zeros[VK_PAGE_BYTES];

	if (defects->freed_root == 0)
		return true;
	*eptp = defects->freed_root;
	defects->freed_root = 0;
	return hostmem_write(thread->machine->mem, vk_hpa(*eptp & VK_BITS(51, 12)), zeros,
	    sizeof(zeros)) && ept_init(ept, hostmem_hpm(thread->machine->mem), *eptp, ept->cap,
	    ept->controls, ept->maxphyaddr) == EPTP_VALID;
}

static int
op_ept_create(void *ctx, uint64_t *eptp)
{
	bool created;

	if (!machine_vmm_ops.ept_create(ctx, eptp))
		return 0;
	if (!thread_has(ctx, DEFECT_EPTP_PAGE_REUSED))
		return 1;
	watch_whole(true);
	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
	created = reuse_root(ctx, eptp);
	watch_whole(false);
	return created;
}

static void
op_ept_destroy(void *ctx, uint64_t eptp)
{
	machine_vmm_ops.ept_destroy(ctx, eptp);
	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
	thread_defects(ctx)->freed_root = eptp;
}

static void
op_vmclear_on(void *ctx, int cpu, uint64_t eptp)
{
	struct machine_thread *thread = ctx;

	if (thread_has(thread, DEFECT_VMCS_FORGOTTEN_EARLY)) {
		/* Whoever looks finds nothing to wait for; VMCLEAR is yet to come. */
		thread->machine->cpu[cpu].loaded = NULL;
		return;
	}
	if (thread_has(thread, DEFECT_NO_INVEPT_ON_MIGRATION))
		(void)machine_vmclear(thread, (unsigned)cpu);
	else
		machine_vmm_ops.vmclear_on(ctx, cpu, eptp);
}

static void
op_vmptrld(void *ctx, int first_time_here)
{
	struct machine_thread *thread = ctx;
	struct defects *defects = thread_defects(thread);
	uint64_t root = defects->root[thread->index % DEFECT_THREADS_MAX];
	struct ept *ept = &thread->vcpu.ept;
	bool late = thread->vmcs_cpu != VMM_NO_CPU && thread->vmcs_cpu != (int)thread->cpu;

	machine_vmm_ops.vmptrld(ctx, first_time_here);
	if (late) /* VMCLEAR comes to the other CPU now, and writes over what is in use here */
		thread->vmcs_launched = false;
	defects->loading = first_time_here != 0;
	if (root == 0)
		return;
	if (ept_init(ept, hostmem_hpm(thread->machine->mem), root,
	    thread->machine->config.ept_cap, thread->machine->config.ept_controls,
	    thread->machine->config.maxphyaddr) != EPTP_VALID)
		ept->eptp = root; /* for VM entry to refuse */
}

static void
op_invept(void *ctx, uint64_t eptp)
{
	struct machine_thread *thread = ctx;
	struct defects *defects = thread_defects(thread);
	bool loading = defects->loading;

	defects->loading = false;
	if (loading && thread_has(thread, DEFECT_NO_INVEPT_ON_MIGRATION))
		return;
	if (thread_has(thread, DEFECT_NO_INVEPT))
		return;
	if (!loading && thread_has(thread, DEFECT_COMPARE_BEFORE_COUNT)) {
		/* The comparison that counts was the one in op_must_leave(). */
		thread->vmm.eptgen = defects->seen[thread->index % DEFECT_THREADS_MAX];
		return;
	}
	if (thread_has(thread, DEFECT_INVEPT_BAD_TYPE)) {
		(void)vcpu_invept(&thread->vcpu, 0, eptp);
		return;
	}
	if (thread_has(thread, DEFECT_INVEPT_WRONG_ROOT))
		eptp ^= VK_BIT(13);
	machine_vmm_ops.invept(ctx, eptp);
}

/* The last that is done before the gate: the generation is compared here already. */
static int
op_must_leave(void *ctx)
{
	struct machine_thread *thread = ctx;
	struct vmm_proc *proc = &thread->process->vmm;
	uint64_t *seen = &thread_defects(thread)->seen[thread->index % DEFECT_THREADS_MAX];

	if (machine_vmm_ops.must_leave(ctx))
		return 1;
	if (!thread_has(thread, DEFECT_COMPARE_BEFORE_COUNT))
		return 0;
	*seen = vk_atomic_load64(&proc->invgen);
	if (*seen != thread->vmm.eptgen)
		machine_vmm_ops.invept(ctx, vk_atomic_load64(&proc->eptp));
	thread->vmm.eptgen = *seen;
	return 0;
}

/* Between the gate and the entry. */
static void
op_write_guest(void *ctx, uint64_t cr3)
{
	machine_vmm_ops.write_guest(ctx, cr3);
	if (thread_has(ctx, DEFECT_INTERRUPTS_ON_BEFORE_ENTRY)) {
		machine_vmm_ops.interrupts(ctx, 1);
		machine_vmm_ops.interrupts(ctx, 0);
	}
}

/* Out of its critical section a vCPU may sleep. */
static void
op_critical(void *ctx, int enter)
{
	struct machine_thread *thread = ctx;
	bool *sleepy = &thread_defects(thread)->sleepy[thread->cpu];
	bool sleeps = !enter && *sleepy;

	if (sleeps)
		*sleepy = false;
	machine_vmm_ops.critical(ctx, enter);
	if (sleeps)
		defect_gate_sleep(thread);
}

/* What the entry of a page becomes once it was faulted in. */
static uint64_t
deviating_leaf(const struct machine_thread *thread, uint64_t entry, unsigned acc)
{
	if (thread_has(thread, DEFECT_EPT_ALWAYS_EXECUTABLE))
		entry |= EPT_X;
	if (thread_has(thread, DEFECT_WRITE_WITHOUT_READ) && acc == VK_ACC_W)
		entry &= ~(uint64_t)(EPT_R | EPT_X);
	return entry;
}

static int
op_fault(void *ctx, gpa_t gpa, unsigned acc)
{
	struct machine_thread *thread = ctx;
	struct hostmem *mem = thread->machine->mem;
	unsigned level;
	hpa_t slot;

	/* An entry that allows fetches anyway needs no fault for one, only a page. */
	if ((acc & VK_ACC_X) && thread_has(thread, DEFECT_EPT_ALWAYS_EXECUTABLE))
		acc = VK_ACC_R;
	if (!machine_vmm_ops.fault(ctx, gpa, acc))
		return 0;
	if (ept_find(&thread->process->ept, gpa, 1, &slot, &level) && level == 1)
		hostmem_store(mem, slot,
		    deviating_leaf(thread, hostmem_load(mem, slot), acc));
	return 1;
}

static enum vmm_entry
op_enter(void *ctx, int resume, struct vmx_exit *exit)
{
	struct machine_thread *thread = ctx;
	enum vmm_entry entry = machine_vmm_ops.enter(ctx, resume, exit);

	thread_defects(thread)->length[thread->index % DEFECT_THREADS_MAX] =
	    exit->instruction_length;
	/* Bit 8 clear: the access was to a table. */
	if (thread_has(thread, DEFECT_TABLE_WALK_IS_READ) &&
	    (exit->reason & 0xffff) == VMX_EXIT_EPT_VIOLATION &&
	    !(exit->qualification & VK_BIT(8)))
		exit->qualification &= ~(uint64_t)VK_ACC_W;
	return entry;
}

/* Steps over an instruction: by how much, and whether to look where that leads. */
static int
op_advance(void *ctx, unsigned bytes)
{
	struct machine_thread *thread = ctx;

	if (thread_has(thread, DEFECT_EXIT_LENGTH_BELIEVED))
		bytes = thread_defects(thread)->length[thread->index % DEFECT_THREADS_MAX];
	if (!thread_has(thread, DEFECT_NEXT_ADDRESS_UNCHECKED))
		return machine_vmm_ops.advance(ctx, bytes);
	thread->rip.v += bytes;
	thread->guest->advance(thread->ctx);
	return 1;
}

static unsigned
op_fetch(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	static const unsigned char syscall_bytes[] = { 0x0f, 0x05 };

	if (!thread_has(ctx, DEFECT_UD_IS_SYSCALL) || size < sizeof(syscall_bytes))
		return machine_vmm_ops.fetch(ctx, bytes, size, fault);
	memcpy(bytes, syscall_bytes, sizeof(syscall_bytes));
	return sizeof(syscall_bytes);
}

static enum vmm_end
op_reflect(void *ctx, const struct vmx_exit *exit)
{
	uint32_t vector = exit->intr_info & VMX_INTR_VECTOR;

	if (exit->reason == VMX_EXIT_EXCEPTION && vector != VMX_VECTOR_PF &&
	    vector != VMX_VECTOR_BP && thread_has(ctx, DEFECT_EXCEPTION_KILLS))
		return VMM_END_KILLED;
	if (exit->reason == VMX_EXIT_EPT_VIOLATION && thread_has(ctx, DEFECT_VIOLATION_KILLS))
		return VMM_END_KILLED;
	return machine_vmm_ops.reflect(ctx, exit);
}

/* --- joining ---------------------------------------------------------------------------------- */

/* The real operations where no defect can touch them. */
static void
fill_ops(struct vmm_host_ops *ops)
{
	*ops = machine_vmm_ops;
	ops->ept_create = op_ept_create;
	ops->ept_destroy = op_ept_destroy;
	ops->vmclear_on = op_vmclear_on;
	ops->vmptrld = op_vmptrld;
	ops->critical = op_critical;
	ops->must_leave = op_must_leave;
	ops->write_guest = op_write_guest;
	ops->invept = op_invept;
	ops->fault = op_fault;
	ops->enter = op_enter;
	ops->advance = op_advance;
	ops->fetch = op_fetch;
	ops->reflect = op_reflect;
}

void
defects_init(struct defects *defects, struct machine *machine, const uint64_t set[DEFECT_WORDS])
{
	memset(defects, 0, sizeof(*defects));
	memcpy(defects->set, set, sizeof(defects->set));
	defects->machine = machine;
	if (!defects_any(defects))
		return;
	fill_ops(&defects->ops);
	defects->ops.protocol = machine->vmm_ops->protocol;
	defect_gate_join(defects);
	defects->family = defect_family;
	machine->vmm_ops = &defects->ops;
}

void
defects_state(const struct defects *defects, const struct watch_sink *sink)
{
	watch_put64(sink, defects->freed_root);
	watch_put(sink, defects->remembered,
	    defects->remembered_count * sizeof(defects->remembered[0]));
}

void
defects_thread_state(const struct defects *defects, unsigned thread,
    const struct watch_sink *sink)
{
	watch_put64(sink, defects->root[thread % DEFECT_THREADS_MAX]);
	watch_put64(sink, defects->length[thread % DEFECT_THREADS_MAX]);
}

static void
revoke(void *ctx, uint64_t start, uint64_t end, bool take_all)
{
	struct machine_process *process = ctx;
	struct defects *defects = (struct defects *)process->machine->vmm_ops;

	if (defects_have(defects, DEFECT_REVOKE_LOST))
		return;
	defects->revoking = true;
	machine_process_revoke(process, start, end, take_all);
	defects->revoking = false;
}

void
defects_join_process(struct defects *defects, struct machine_process *process)
{
	if (defects_any(defects))
		vmspace_set_revoke(process->map, revoke, process);
}

void
defects_join_us(struct defects *defects, struct vk_us *us, struct machine_process *process)
{
	defects->process = process;
	if (defects_any(defects))
		us->pmap = &defects->family;
}

bool
defects_cr3_is_valid(const struct defects *defects, uint64_t cr3, unsigned maxphyaddr)
{
	return defects_have(defects, DEFECT_CR3_UNCHECKED) ||
	    guestpt_cr3_is_valid(cr3, maxphyaddr);
}

struct defects *
defects_of_us(const struct vk_us *us)
{
	return (struct defects *)((const char *)us->pmap - offsetof(struct defects, family));
}
