/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread for who watches: what others see of it, and all that is its own.
 */
#include "play/player.h"
#include "sim/watch.h"

void
play_touch_thread(const struct play_thread *thread)
{
	watch_touch(watch_cell_of(WATCH_THREAD, thread->index), WATCH_READ);
}

void
play_thread_seen(const struct play_thread *thread, const struct watch_sink *sink)
{
	const struct guestpt_mode *mode = &thread->machine.vcpu.mode;

	watch_put64(sink, thread->at | (uint64_t)thread->begun << 32 |
	    (uint64_t)thread->ended << 33 | (uint64_t)(thread->machine.vmm.exists != 0) << 34 |
	    (uint64_t)thread->machine.cpu << 40);
	watch_put64(sink, thread->machine.vmm.cr3);
	watch_put64(sink, mode->cr0);
	watch_put64(sink, mode->cr3);
	watch_put64(sink, mode->cr4);
	watch_put64(sink, mode->efer);
}

static void
put_vcpu(const struct vcpu *vcpu, const struct watch_sink *sink)
{
	const struct guestpt_mode *mode = &vcpu->mode;

	watch_put64(sink, mode->cr0);
	watch_put64(sink, mode->cr3);
	watch_put64(sink, mode->cr4);
	watch_put64(sink, mode->efer);
	watch_put64(sink, mode->pkru | (uint64_t)mode->pkrs << 32);
	watch_put64(sink, (uint64_t)(mode->ac != 0) | (uint64_t)vcpu->cpl << 1 |
	    (uint64_t)vcpu->ept_on << 3 | (uint64_t)vcpu->vpid << 16 |
	    (uint64_t)vcpu->pml.index << 32);
	watch_put64(sink, vcpu->ept_on ? vcpu->ept.eptp : 0);
	if (vcpu->stores != NULL)
		watch_put(sink, vcpu->stores->store,
		    vcpu->stores->count * sizeof(vcpu->stores->store[0]));
}

static void
put_machine_thread(const struct machine_thread *thread, const struct watch_sink *sink)
{
	const struct vmm_vcpu *vmm = &thread->vmm;

	watch_put64(sink, thread->cpu | (uint64_t)thread->next_cpu << 8 |
	    (uint64_t)thread->syncing << 16 | (uint64_t)thread->vmcs_launched << 17 |
	    (uint64_t)(vmm->launched != 0) << 18 | (uint64_t)(vmm->exists != 0) << 19 |
	    (uint64_t)(uint8_t)thread->vmcs_cpu << 24 | (uint64_t)(uint8_t)vmm->last_cpu << 32);
	watch_put64(sink, thread->instruction_error | (uint64_t)thread->undefined << 32);
	watch_put64(sink, thread->rip.v);
	watch_put64(sink, vmm->cr3);
	watch_put64(sink, vmm->eptgen);
	put_vcpu(&thread->vcpu, sink);
}

/* What the step under way has come to so far. */
static void
put_result(const struct play_thread *thread, const struct watch_sink *sink)
{
	const struct step_result *result = &thread->result;
	size_t kept = result->exits < PLAYER_EXITS_MAX ? result->exits : PLAYER_EXITS_MAX;

	watch_put(sink, result->has, sizeof(result->has));
	watch_put64(sink, result->outcome);
	watch_put64(sink, result->reads);
	watch_put64(sink, (uint64_t)result->exits << 1 | result->stale);
	watch_put(sink, result->exit, kept * sizeof(result->exit[0]));
	watch_put64(sink, thread->same_exits);
	watch_put(sink, &thread->last_exit, sizeof(thread->last_exit));
}

/* Whether it matters which exits there were. */
static bool
expects_exits(const struct play_thread *thread)
{
	const struct scn_expect *expect = play_step(thread)->expect;

	return expect != NULL && scn_has(&expect->src, SCN_KEY_EXITS);
}

void
play_thread_state(const struct play_thread *thread, const struct watch_sink *sink)
{
	watch_put64(sink, thread->at | (uint64_t)thread->round << 32);
	watch_put64(sink, (uint64_t)thread->begun | (uint64_t)thread->ended << 1 |
	    (uint64_t)thread->wants_exit << 2 | (uint64_t)thread->exited << 3 |
	    (uint64_t)thread->entry_checked << 4 | (uint64_t)thread->in_user << 5 |
	    (uint64_t)thread->sent << 6 | (uint64_t)thread->livelock << 7 |
	    (uint64_t)thread->end << 8 | (uint64_t)thread->yields << 16);
	watch_put64(sink, thread->held);
	put_machine_thread(&thread->machine, sink);
	defects_thread_state(&thread->player->defects, thread->machine.index, sink);
	if (thread->program != NULL)
		play_program_state(thread, sink);
	if (thread->begun && (play_running(thread) == NULL || expects_exits(thread)))
		put_result(thread, sink);
}
