/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's life: from step to step on its own, or inside the core's run loop as a vCPU.
 */
#include <stdlib.h>

#include "play/player.h"
#include "sim/watch.h"

/* --- lives ------------------------------------------------------------------------------------ */

static enum scn_end
end_of(enum vmm_end end, const struct play_thread *thread)
{
	switch (end) {
	case VMM_END_KILLED:
		return SCN_END_KILLED;
	case VMM_END_HOST_BUG:
		return SCN_END_HOST_BUG;
	case VMM_END_ENTRY_FAILED:
		return SCN_END_FAILED;
	default:
		if (thread->livelock)
			return SCN_END_LIVELOCK;
		return thread->exited ? SCN_END_EXITED : SCN_END_FINISHED;
	}
}

/* An exit that killed the thread ended a step that nobody finished. */
static void
finish_killed_step(struct play_thread *thread, enum vmm_end end)
{
	struct step_result *result = &thread->result;

	if (!thread->begun)
		return;
	if (result->exits != 0)
		result_exit(result, &result->exit[(result->exits - 1) % PLAYER_EXITS_MAX]);
	if (end == VMM_END_ENTRY_FAILED) {
		result_outcome(result, SCN_OUTCOME_VMFAIL);
		result->instruction_error = thread->machine.instruction_error;
		result_set(result, SCN_KEY_INSTRUCTION_ERROR);
	}
	play_step_finish(thread);
}

/* Steps that come before guest mode; true when the thread has become a vCPU. */
static bool
become_vcpu(struct play_thread *thread)
{
	while (!thread->machine.vmm.exists) {
		const struct scn_step *step = play_step(thread);
		bool explicit_init = step != NULL && step->op == SCN_OP_VMINIT;

		if (step != NULL && !explicit_init && play_is_guest_op(step->op)) {
			result_clear(&thread->result);
			return play_vminit(thread, NULL);
		}
		if (!play_take_turn(thread, PLACE_BECOME)) {
			if (thread->wants_exit)
				return false;
			continue;
		}
		play_kernel_step(thread, play_step(thread));
		play_step_finish(thread);
	}
	return true;
}

static void
live_as_vcpu(struct play_thread *thread)
{
	enum vmm_end end;

	if (!become_vcpu(thread)) {
		thread->end = play_step(thread) == NULL || play_is_taken_down(thread) ?
		    SCN_END_FINISHED : SCN_END_FAILED;
		return;
	}
	end = vmm_run(&thread->machine.vmm);
	thread->end = end_of(end, thread);
	finish_killed_step(thread, end);
	vmm_destroy(&thread->machine.vmm);
	(void)machine_vmcs_free(&thread->machine);
}

bool
play_bare_entry(struct play_thread *thread, bool resume)
{
	struct machine_thread *machine = &thread->machine;
	struct step_result *result = &thread->result;
	bool bad_guest;

	/* Without a current VMCS it is VMfailInvalid, which has no number. */
	if (machine->machine->cpu[machine->cpu].loaded != machine) {
		result_outcome(result, SCN_OUTCOME_VMFAIL);
		return false;
	}
	result->instruction_error = machine_entry_check(machine, resume, &bad_guest);
	if (result->instruction_error != 0) {
		result_outcome(result, SCN_OUTCOME_VMFAIL);
		result_set(result, SCN_KEY_INSTRUCTION_ERROR);
		return false;
	}
	if (bad_guest) {
		struct vmx_exit exit = { .reason = VMX_REASON_ENTRY_FAILED |
			VMX_EXIT_GUEST_STATE };

		result_exit(result, &exit);
		return false;
	}
	machine->vmcs_launched = true;
	machine_guest_enter(machine);
	return true;
}

/*
 * The entry that a bare vCPU makes by itself, before a step of its guest: a VMfail or a failed
 * entry is the outcome of that step, and the end.
 */
static bool
bare_entry(struct play_thread *thread)
{
	struct machine_thread *machine = &thread->machine;

	if (machine->machine->cpu[machine->cpu].loaded != machine && !machine_vmptrld(machine))
		result_outcome(&thread->result, SCN_OUTCOME_UNDEFINED);
	thread->entry_checked = play_bare_entry(thread, machine->vmcs_launched);
	if (thread->entry_checked)
		return true;
	thread->end = SCN_END_FAILED;
	thread->wants_exit = true;
	return false;
}

/* A bare vCPU's exits are outcomes: nobody resolves them. */
static void
bare_guest_step(struct play_thread *thread, const struct scn_step *step)
{
	struct vmx_exit exit = { .reason = 0 };
	struct step_result *result = &thread->result;
	struct event event = { .kind = EVENT_EXIT };

	if (!thread->entry_checked && !bare_entry(thread))
		return;
	machine_guest_enter(&thread->machine);
	if (play_guest_step(thread, step, &exit) == GUEST_COMPLETED)
		return;
	event.exit = exit;
	machine_emit(&thread->player->machine, &event);
	play_record_exit(thread, &exit);
	if (!result_has(result, SCN_KEY_OUTCOME))
		result_exit(result, &exit);
	machine_guest_stop(&thread->player->machine, thread->machine.cpu);
}

static void
live_by_steps(struct play_thread *thread)
{
	thread->end = SCN_END_FINISHED;
	for (;;) {
		const struct scn_step *step;

		if (!play_take_turn(thread, PLACE_STEPS)) {
			if (thread->wants_exit)
				break;
			continue;
		}
		step = play_step(thread);
		if (thread->scn->role == SCN_ROLE_BARE && step->op <= SCN_OP_FLUSH)
			bare_guest_step(thread, step);
		else
			play_kernel_step(thread, step);
		play_step_finish(thread);
	}
	if (thread->exited)
		thread->end = SCN_END_EXITED;
}

void
play_thread_body(void *arg)
{
	struct play_thread *thread = arg;

	if (thread->scn->role == SCN_ROLE_MASTER || thread->scn->role == SCN_ROLE_SLAVE)
		live_as_vcpu(thread);
	else
		live_by_steps(thread);
	thread->ended = true;
	thread->machine.vcpu.step = -1;
}

/* --- start and end ---------------------------------------------------------------------------- */

static void
init_vcpu_mode(struct play_thread *thread)
{
	const struct scn_thread *scn = thread->scn;
	const struct scenario *s = thread->player->scenario;
	struct guestpt_mode *mode = &thread->machine.vcpu.mode;

	mode->cr0 = scn->cr0;
	mode->cr4 = scn->cr4;
	mode->efer = scn->efer;
	mode->cr3 = scn->cr3_bits;
	if (scn->space != SCN_NONE)
		mode->cr3 |= s->guest.space[scn->space].root;
	mode->pkru = scn->pkru;
	mode->pkrs = scn->pkrs;
	thread->machine.vcpu.pat = scn->pat;
	mode->ac = scn->ac;
	mode->page1g = (s->machine.features & SCN_FEATURE_1G_PAGES) != 0;
	mode->maxphyaddr = s->machine.maxphyaddr;
	thread->machine.vcpu.cpl = scn->cpl;
	thread->machine.vcpu.intercepts = scn_has(&scn->src, SCN_KEY_EXCEPTION_BITMAP);
	thread->machine.vcpu.exception_bitmap = scn->exception_bitmap;
	thread->machine.vcpu.pf_mask = scn->pf_mask;
	thread->machine.vcpu.pf_match = scn->pf_match;
	if (thread->machine.vcpu.vpid_on)
		thread->machine.vcpu.vpid = (uint16_t)scn->vpid;
}

static void
init_bare_ept(struct play_thread *thread)
{
	const struct scn_thread *scn = thread->scn;
	struct player *player = thread->player;
	const struct machine_config *config = &player->machine.config;
	struct vcpu *vcpu = &thread->machine.vcpu;
	uint64_t eptp = player->bare_ept.eptp;

	if (!player->has_bare_ept)
		return;
	vcpu->ept_on = true;
	if (scn_has(&scn->src, SCN_KEY_EPTP))
		eptp = scn->eptp;
	eptp ^= scn->eptp_bits;
	vcpu->ept = player->bare_ept;
	vcpu->pml.log = vk_hpa(scn->pml_log);
	vcpu->pml.index = (uint16_t)scn->pml_index;
	vcpu->ve_page = vk_hpa(scn->ve_page);
	if (ept_init(&vcpu->ept, hostmem_hpm(player->machine.mem), eptp, config->ept_cap,
	    config->ept_controls, config->maxphyaddr) != EPTP_VALID)
		vcpu->ept.eptp = eptp; /* for VM entry to refuse */
	vcpu->ept.spptp = player->spptp;
}

void
play_thread_init(struct play_thread *thread, struct player *player, unsigned index)
{
	const struct scn_thread *scn = &player->scenario->thread[index];

	thread->player = player;
	thread->scn = scn;
	thread->index = index;
	machine_thread_init(&thread->machine, &player->machine, index, scn->cpu);
	thread->machine.guest = &play_guest_ops;
	thread->machine.ctx = thread;
	if (scn->host_space != SCN_NONE) {
		thread->machine.process = &player->process[scn->host_space];
		if (scn->role != SCN_ROLE_KERNEL)
			thread->machine.process->threads++;
	}
	if (player->watched && player->scenario->schedule.explore.memory == SCN_STORES_TSO &&
	    (scn->role & SCN_ROLE_VCPUS)) {
		thread->stores.mem = player->machine.mem;
		thread->machine.vcpu.stores = &thread->stores;
	}
	thread->machine.vcpu.judged = player->judges;
	if (scn->role & SCN_ROLE_VCPUS)
		init_vcpu_mode(thread);
	if (scn->role == SCN_ROLE_BARE)
		init_bare_ept(thread);
}

void
play_thread_free(struct play_thread *thread)
{
	free(thread->result.bytes);
	thread->result.bytes = NULL;
	thread->result.room = 0;
}
