/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's instructions, as far as a scenario can write them.
 *
 * An access that faults or exits has moved nothing; the caller decides whether it is tried again.
 * For a vCPU that the VMM runs, every exception exits (the bitmap is all ones); for a bare one a
 * fault is an outcome of its own.
 */
#include <string.h>

#include "play/player.h"
#include "sim/deliver.h"
#include "sim/watch.h"

typedef enum guest_progress (*guest_fn)(struct play_thread *thread, const struct scn_step *step,
    struct vmx_exit *exit);

static bool
is_bare(const struct play_thread *thread)
{
	return thread->scn->role == SCN_ROLE_BARE;
}

void
play_syscall_exit(struct vmx_exit *exit)
{
	exit->reason = VMX_EXIT_EXCEPTION;
	exit->intr_info = vmx_intr_info(VMX_VECTOR_UD, VMX_INTR_HARDWARE, 0);
}

/* --- faults and exits ------------------------------------------------------------------------- */

static enum guest_progress
raise_exception(struct play_thread *thread, unsigned vector, uint32_t type, bool has_code,
    uint32_t code, struct vmx_exit *exit)
{
	static const unsigned char outcomes[32] = {
		[VMX_VECTOR_UD] = SCN_OUTCOME_UD,
		[VMX_VECTOR_GP] = SCN_OUTCOME_GP,
		[VMX_VECTOR_PF] = SCN_OUTCOME_PF,
	};
	struct step_result *result = &thread->result;

	exit->reason = VMX_EXIT_EXCEPTION;
	exit->intr_info = vmx_intr_info(vector, type, has_code);
	exit->intr_error = has_code ? code : 0;
	result->vector = vector;
	result_set(result, SCN_KEY_VECTOR);
	if (has_code) {
		result->error_code = code;
		result_set(result, SCN_KEY_ERROR_CODE);
	}
	if (!is_bare(thread) || (thread->machine.vcpu.intercepts &&
	    deliver_exits(&thread->machine.vcpu, vector, code)))
		return GUEST_EXITED;
	result_outcome(result, outcomes[vector & 31] != 0 ?
	    (enum scn_outcome)outcomes[vector & 31] : SCN_OUTCOME_EXCEPTION);
	return GUEST_COMPLETED;
}

static enum guest_progress
access_failed(struct play_thread *thread, const struct vcpu_result *access, struct vmx_exit *exit)
{
	struct step_result *result = &thread->result;

	switch (access->outcome) {
	case VCPU_PF:
		result->cr2 = access->cr2.v;
		result_set(result, SCN_KEY_CR2);
		exit->qualification = access->cr2.v;
		return raise_exception(thread, VMX_VECTOR_PF, VMX_INTR_HARDWARE, true,
		    access->error_code, exit);
	case VCPU_GP:
		return raise_exception(thread, VMX_VECTOR_GP, VMX_INTR_HARDWARE, true, 0, exit);
	case VCPU_VE:
		return raise_exception(thread, VMX_VECTOR_VE, VMX_INTR_HARDWARE, false, 0, exit);
	default:
		vcpu_exit_fields(access, exit);
		return GUEST_EXITED;
	}
}

/*
 * Translates and remembers the access for the explanation; GUEST_COMPLETED with *ok false: fault.
 */
static enum guest_progress
translate(struct play_thread *thread, gva_t gva, unsigned size, unsigned acc,
    struct vcpu_result *access, bool *ok, struct vmx_exit *exit)
{
	struct step_result *result = &thread->result;
	struct vcpu_request request = { .gva = gva, .size = size, .acc = acc,
		.implicit = play_step(thread)->implicit };
	unsigned i;

	result->access = request;
	result->accessed = true;
	*ok = vcpu_translate(&thread->machine.vcpu, &request, access) == VCPU_DONE;
	result->reads += access->reads;
	result_set(result, SCN_KEY_READS);
	for (i = 0; i < access->pieces; i++) {
		if (access->piece[i].stale)
			play_note_stale(thread, &access->piece[i]);
		if (access->piece[i].revoked)
			play_always_used(thread, &access->piece[i]);
	}
	result_set(result, SCN_KEY_STALE);
	if (!*ok)
		return access_failed(thread, access, exit);
	if (!result_has(result, SCN_KEY_HPA)) {
		result->hpa = access->piece[0].hpa.v;
		result_set(result, SCN_KEY_HPA);
		result->gpa = access->piece[0].gpa.v;
		result_set(result, SCN_KEY_GPA);
	}
	if (!access->piece[0].cached) {
		result->memtype = vcpu_memtype(&thread->machine.vcpu, &access->piece[0]);
		result_set(result, SCN_KEY_MEMTYPE);
	}
	return GUEST_COMPLETED;
}

static void
set_value(struct step_result *result, const void *bytes, size_t size)
{
	result->value = 0;
	memcpy(&result->value, bytes, size < 8 ? size : 8);
	result_set(result, SCN_KEY_VALUE);
}

/* --- accesses --------------------------------------------------------------------------------- */

#define WORD 8u

/* Bytes of an access are moved 8 at a time, each move an instruction of its own. */
static enum guest_progress
move_in(struct play_thread *thread, const struct scn_step *step, unsigned acc, unsigned chunk,
    struct vmx_exit *exit)
{
	struct step_result *result = &thread->result;
	uint64_t at;

	if (!result_bytes(thread, (size_t)step->size))
		return GUEST_COMPLETED;
	for (at = 0; at < step->size; at += chunk) {
		unsigned size = step->size - at < chunk ? (unsigned)(step->size - at) : chunk;
		enum guest_progress progress;
		struct vcpu_result access;
		bool ok;

		progress = translate(thread, vk_gva(step->at + at), size, acc, &access, &ok, exit);
		if (!ok) {
			result->size = (size_t)at;
			return progress;
		}
		vcpu_load_pieces(&thread->machine.vcpu, &access, result->bytes + at);
	}
	set_value(result, result->bytes, (size_t)step->size);
	result_set(result, SCN_KEY_BYTES);
	return GUEST_COMPLETED;
}

static enum guest_progress
guest_read(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	return move_in(thread, step, VK_ACC_R, WORD, exit);
}

static enum guest_progress
guest_fetch_bytes(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	return move_in(thread, step, VK_ACC_X, VCPU_MAX_ACCESS, exit);
}

static enum guest_progress
guest_prefetch(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	(void)exit;
	if (machine_choose(&thread->player->machine, 2) == 0)
		vcpu_prefetch(&thread->machine.vcpu, vk_gva(step->at));
	return GUEST_COMPLETED;
}

static enum guest_progress
guest_write(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	bool by_value = step->content.size == 0;
	uint64_t at;

	for (at = 0; at < step->size; at += WORD) {
		unsigned size = step->size - at < WORD ? (unsigned)(step->size - at) : WORD;
		unsigned char bytes[WORD];
		enum guest_progress progress;
		struct vcpu_result access;
		unsigned i;
		bool ok;

		memcpy(bytes, &step->value, sizeof(bytes));
		for (i = 0; !by_value && i < size; i++)
			bytes[i] = content_byte(&step->content, at + i);
		progress = translate(thread, vk_gva(step->at + at), size, VK_ACC_W, &access, &ok,
		    exit);
		if (!ok)
			return progress;
		vcpu_store_pieces(&thread->machine.vcpu, &access, bytes);
	}
	return GUEST_COMPLETED;
}

/* XCHG, LOCK XADD and LOCK CMPXCHG: one write access, the old value read under it. */
static enum guest_progress
guest_atomic(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	enum guest_progress progress;
	struct vcpu_result access;
	uint64_t old = 0, value = step->value;
	uint64_t mask = step->size >= 8 ? ~0ull : (1ull << (8 * step->size)) - 1;
	bool ok;

	progress = translate(thread, vk_gva(step->at), (unsigned)step->size, VK_ACC_R | VK_ACC_W,
	    &access, &ok, exit);
	if (!ok)
		return progress;
	watch_whole(true);
	vcpu_load_pieces(&thread->machine.vcpu, &access, &old);
	if (step->op == SCN_OP_ADD)
		value = old + step->value;
	if (step->op == SCN_OP_CAS && old != (step->expected & mask))
		value = old;
	hostmem_lock(thread->player->machine.mem, true);
	vcpu_store_pieces(&thread->machine.vcpu, &access, &value);
	vcpu_stores_fence(thread->machine.vcpu.stores);
	hostmem_lock(thread->player->machine.mem, false);
	watch_whole(false);
	set_value(&thread->result, &old, sizeof(old));
	return GUEST_COMPLETED;
}

/* --- registers and invalidations -------------------------------------------------------------- */

/* At CPL 3 these raise #GP, before anything else. */
static bool
is_privileged(struct play_thread *thread, struct vmx_exit *exit, enum guest_progress *progress)
{
	if (thread->machine.vcpu.cpl == 0)
		return true;
	*progress = raise_exception(thread, VMX_VECTOR_GP, VMX_INTR_HARDWARE, true, 0, exit);
	return false;
}

static enum guest_progress
general_protection(struct play_thread *thread, struct vmx_exit *exit)
{
	return raise_exception(thread, VMX_VECTOR_GP, VMX_INTR_HARDWARE, true, 0, exit);
}

static enum guest_progress
guest_mov_cr3(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	const struct scenario *s = thread->player->scenario;
	enum guest_progress progress;
	uint64_t value = step->value;

	if (!is_privileged(thread, exit, &progress))
		return progress;
	if (!scn_has(&step->src, SCN_KEY_VALUE) && step->space != SCN_NONE)
		value = s->guest.space[step->space].root | step->pcid |
		    (step->keep ? VK_BIT(63) : 0);
	if (!vcpu_mov_cr3(&thread->machine.vcpu, value))
		return general_protection(thread, exit);
	thread->machine.vmm.cr3 = thread->machine.vcpu.mode.cr3;
	return GUEST_COMPLETED;
}

static enum guest_progress
guest_mov_cr0(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	struct vcpu *vcpu = &thread->machine.vcpu;
	enum guest_progress progress;

	if (!is_privileged(thread, exit, &progress))
		return progress;
	if (!vcpu_mov_cr0(vcpu, (vcpu->mode.cr0 | step->set) & ~step->clear))
		return general_protection(thread, exit);
	return GUEST_COMPLETED;
}

static enum guest_progress
guest_mov_cr4(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	struct vcpu *vcpu = &thread->machine.vcpu;
	uint64_t value = (vcpu->mode.cr4 | step->set) & ~step->clear;
	enum guest_progress progress;

	if (!is_privileged(thread, exit, &progress))
		return progress;
	if ((value & scn_cr4_lacking(thread->player->scenario->machine.features)) != 0 ||
	    !vcpu_mov_cr4(vcpu, value))
		return general_protection(thread, exit);
	return GUEST_COMPLETED;
}

static enum guest_progress
guest_mode(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	struct vcpu *vcpu = &thread->machine.vcpu;

	(void)exit;
	if (scn_has(&step->src, SCN_KEY_NXE))
		vcpu->mode.efer = (vcpu->mode.efer & ~VK_EFER_NXE) |
		    (step->nxe ? VK_EFER_NXE : 0);
	if (scn_has(&step->src, SCN_KEY_AC))
		vcpu->mode.ac = (int)step->ac;
	if (scn_has(&step->src, SCN_KEY_CPL))
		vcpu->cpl = step->cpl;
	if (scn_has(&step->src, SCN_KEY_PKRU))
		vcpu->mode.pkru = step->pkru;
	if (scn_has(&step->src, SCN_KEY_PKRS))
		vcpu->mode.pkrs = step->pkrs;
	return GUEST_COMPLETED;
}

static enum guest_progress
guest_invlpg(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	enum guest_progress progress;

	if (!is_privileged(thread, exit, &progress))
		return progress;
	vcpu_invlpg(&thread->machine.vcpu, vk_gva(step->at));
	return GUEST_COMPLETED;
}

static enum guest_progress
guest_invpcid(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	enum guest_progress progress;

	if (!is_privileged(thread, exit, &progress))
		return progress;
	if (!vcpu_invpcid(&thread->machine.vcpu, step->type, step->inv_id, vk_gva(step->at)))
		return general_protection(thread, exit);
	return GUEST_COMPLETED;
}

/* --- instructions that exit ------------------------------------------------------------------- */

struct exiting {
	uint32_t reason;
	uint32_t length;
};

/* A bare vCPU's exit is the outcome; in the run loop the VMM resolves it. */
static enum guest_progress
guest_exiting(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	static const struct exiting table[SCN_OPS] = {
		[SCN_OP_CPUID] = { VMX_EXIT_CPUID, 2 },
		[SCN_OP_HLT] = { VMX_EXIT_HLT, 1 },
		[SCN_OP_PAUSE] = { VMX_EXIT_PAUSE, 2 },
		[SCN_OP_VMCALL] = { VMX_EXIT_VMCALL, 3 },
	};
	enum guest_progress progress;

	if (step->op == SCN_OP_HLT && !is_privileged(thread, exit, &progress))
		return progress;
	if (thread->sent)
		return GUEST_COMPLETED;
	/* The exit handler resumes after PAUSE; others advance or end the step themselves. */
	thread->sent = step->op == SCN_OP_PAUSE;
	exit->reason = step->op == SCN_OP_VMX ? step->reason : table[step->op].reason;
	exit->instruction_length = step->op == SCN_OP_VMX ? 3 : table[step->op].length;
	return GUEST_EXITED;
}

static enum guest_progress
guest_exception(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	bool has_code = step->op == SCN_OP_EXCEPTION && scn_has(&step->src, SCN_KEY_ERROR_CODE);
	unsigned vector = step->op == SCN_OP_EXCEPTION ? step->vector : VMX_VECTOR_UD;
	uint32_t type = VMX_INTR_HARDWARE;

	if (step->op == SCN_OP_INT3) {
		vector = VMX_VECTOR_BP;
		type = VMX_INTR_SOFTWARE;
		exit->instruction_length = 1;
	}
	if (vector == VMX_VECTOR_NMI)
		type = VMX_INTR_NMI;
	/* NMI, #NM and #MC are handled in the host and the guest goes on. */
	if (thread->sent)
		return GUEST_COMPLETED;
	thread->sent = vector == VMX_VECTOR_NMI || vector == VMX_VECTOR_NM ||
	    vector == VMX_VECTOR_MC;
	return raise_exception(thread, vector, type, has_code, step->error_code, exit);
}

/* INT n goes through the IDT, and finds no gate there: #GP with the gate's number. */
static enum guest_progress
guest_int(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	uint32_t code = step->vector << 3 | 2; /* the index of an entry of the IDT */

	return raise_exception(thread, VMX_VECTOR_GP, VMX_INTR_HARDWARE, true, code, exit);
}

/* A device's interrupt: out, and in again when the host has taken it. */
static enum guest_progress
guest_interrupt(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	unsigned cpu = thread->machine.cpu;

	(void)step;
	if (thread->sent)
		return GUEST_COMPLETED;
	thread->sent = true;
	watch_touch(watch_cell_of(WATCH_INTERRUPT, cpu),
	    WATCH_READ | WATCH_WRITE | WATCH_BLIND);
	thread->player->machine.cpu[cpu].interrupt = true;
	exit->reason = VMX_EXIT_INTERRUPT;
	return GUEST_EXITED;
}

static enum guest_progress
guest_violation(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	if (thread->sent)
		return GUEST_COMPLETED;
	thread->sent = true;
	exit->reason = VMX_EXIT_EPT_VIOLATION;
	exit->qualification = step->qualification;
	exit->gpa = vk_gpa(step->gpa);
	exit->gla = vk_gva(step->gla);
	exit->gla_valid = scn_has(&step->src, SCN_KEY_GLA);
	return GUEST_EXITED;
}

/* What interruption information calls an event that a scenario names by its vector. */
static uint32_t
type_of_vector(unsigned vector)
{
	switch (vector) {
	case VMX_VECTOR_NMI:
		return VMX_INTR_NMI;
	case VMX_VECTOR_BP:
	case 4: /* #OF */
		return VMX_INTR_SOFTWARE;
	default:
		return VMX_INTR_HARDWARE;
	}
}

/* Delivery through the IDT: its own accesses can fault or exit. */
static enum guest_progress
guest_deliver(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	struct deliver_event event = { .vector = step->vector,
		.type = type_of_vector(step->vector),
		.has_code = scn_has(&step->src, SCN_KEY_ERROR_CODE), .code = step->error_code,
		.idt = { step->idt }, .stack = { step->stack } };
	struct step_result *result = &thread->result;
	struct deliver_event second;
	struct vcpu_result access;
	uint32_t idt_info;

	switch (deliver_event(&thread->machine.vcpu, &event, &access, exit, &second)) {
	case DELIVER_DONE:
		return GUEST_COMPLETED;
	case DELIVER_EXIT:
	case DELIVER_TRIPLE_FAULT:
		return GUEST_EXITED;
	case DELIVER_FAULT:
	case DELIVER_DOUBLE_FAULT:
		break;
	}
	idt_info = exit->idt_info;
	if (idt_info & VMX_INTR_VALID) {
		result->idt_info = idt_info;
		result_set(result, SCN_KEY_IDT_INFO);
	}
	if (second.vector == VMX_VECTOR_PF) {
		result->cr2 = access.cr2.v;
		result_set(result, SCN_KEY_CR2);
	}
	return raise_exception(thread, second.vector, VMX_INTR_HARDWARE, second.has_code,
	    second.code, exit);
}

static enum guest_progress
guest_syscall(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	(void)step;
	if (is_bare(thread))
		return raise_exception(thread, VMX_VECTOR_UD, VMX_INTR_HARDWARE, false, 0, exit);
	play_syscall_exit(exit);
	return GUEST_EXITED;
}

/* Edits of memory and tables that a scenario makes in place, without an access of the guest. */
static enum guest_progress
in_place(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	(void)exit;
	play_kernel_step(thread, step);
	return GUEST_COMPLETED;
}

static const guest_fn guest_table[SCN_OPS] = {
	[SCN_OP_READ] = guest_read,
	[SCN_OP_WRITE] = guest_write,
	[SCN_OP_FETCH] = guest_fetch_bytes,
	[SCN_OP_PREFETCH] = guest_prefetch,
	[SCN_OP_XCHG] = guest_atomic,
	[SCN_OP_ADD] = guest_atomic,
	[SCN_OP_CAS] = guest_atomic,
	[SCN_OP_MOV_CR3] = guest_mov_cr3,
	[SCN_OP_MOV_CR0] = guest_mov_cr0,
	[SCN_OP_MOV_CR4] = guest_mov_cr4,
	[SCN_OP_MODE] = guest_mode,
	[SCN_OP_INVLPG] = guest_invlpg,
	[SCN_OP_INVPCID] = guest_invpcid,
	[SCN_OP_CPUID] = guest_exiting,
	[SCN_OP_HLT] = guest_exiting,
	[SCN_OP_PAUSE] = guest_exiting,
	[SCN_OP_VMCALL] = guest_exiting,
	[SCN_OP_INT3] = guest_exception,
	[SCN_OP_INT] = guest_int,
	[SCN_OP_INTERRUPT] = guest_interrupt,
	[SCN_OP_VIOLATION] = guest_violation,
	[SCN_OP_UD2] = guest_exception,
	[SCN_OP_VMX] = guest_exiting,
	[SCN_OP_EXCEPTION] = guest_exception,
	[SCN_OP_DELIVER] = guest_deliver,
	[SCN_OP_SYSCALL] = guest_syscall,
	[SCN_OP_FLUSH] = guest_syscall,
	[SCN_OP_SET_ENTRY] = in_place,
	[SCN_OP_SET_EPT] = in_place,
	[SCN_OP_POKE] = in_place,
	[SCN_OP_PEEK] = in_place,
	[SCN_OP_PMAP] = guest_syscall, /* its invalidation is one, or at least an exit */
	[SCN_OP_VK_COPYIN] = play_vk_copy,
	[SCN_OP_VK_COPYOUT] = play_vk_copy,
	[SCN_OP_RUN] = play_slice,
	[SCN_OP_RUN_USER] = guest_syscall,
};

bool
play_has_rip(const struct scn_step *step)
{
	return (step->op == SCN_OP_SYSCALL || step->op == SCN_OP_UD2 ||
	    step->op == SCN_OP_INT3 || step->op == SCN_OP_CPUID) &&
	    scn_has(&step->src, SCN_KEY_AT);
}

/* Fetches the instruction of the step from where it is; false: *progress says what came of it. */
static bool
fetch_instruction(struct play_thread *thread, const struct scn_step *step,
    enum guest_progress *progress, struct vmx_exit *exit)
{
	unsigned size = step->op == SCN_OP_SYSCALL ? (unsigned)step->size :
	    step->op == SCN_OP_INT3 ? 1 : 2;
	struct vcpu_result access;
	bool ok;

	*progress = translate(thread, thread->machine.rip, size, VK_ACC_X, &access, &ok, exit);
	return ok;
}

enum guest_progress
play_guest_step(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	enum guest_progress progress;

	*exit = (struct vmx_exit){ .reason = 0 };
	if (play_has_rip(step) && !thread->sent &&
	    !fetch_instruction(thread, step, &progress, exit))
		return progress;
	/* All but plain accesses are locked, serialise, or are made by somebody else. */
	if (step->op != SCN_OP_READ && step->op != SCN_OP_WRITE && step->op != SCN_OP_FETCH &&
	    step->op != SCN_OP_PREFETCH)
		vcpu_stores_fence(thread->machine.vcpu.stores);
	/* Walks of an attempt that exited are not counted twice. */
	return guest_table[step->op](thread, step, exit);
}
