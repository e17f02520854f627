/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest as the core's run loop sees it: entered, left, asked for an instruction, reflected to.
 *
 * Guest instructions run when the loop enters the guest; steps that belong to the host are done
 * before the next entry, where a kernel handles an AST.  A step whose instruction exits is tried
 * again after the VMM has resolved the exit, as the processor would.
 */
#include <string.h>

#include "play/player.h"
#include "sim/watch.h"

#define SAME_EXITS_MAX 8

/* Another thread of this CPU must not wait for us while we are in guest mode. */
static bool
shares_cpu(const struct play_thread *thread)
{
	const struct player *player = thread->player;
	size_t i;

	for (i = 0; i < player->scenario->threads; i++) {
		const struct play_thread *other = &player->thread[i];

		if (other == thread || !(other->scn->role & SCN_ROLE_VCPUS) ||
		    (!player->migrates && other->scn->cpu != thread->scn->cpu))
			continue;
		play_touch_thread(other);
		if (!other->ended && other->machine.cpu == thread->machine.cpu)
			return true;
	}
	return false;
}

void
play_record_exit(struct play_thread *thread, const struct vmx_exit *exit)
{
	struct step_result *result = &thread->result;

	if (!thread->begun)
		return;
	/* Whether a program gets on is its vkernel's to see. */
	if (play_running(thread) == NULL && exit->reason == thread->last_exit.reason &&
	    exit->gpa.v == thread->last_exit.gpa.v &&
	    exit->qualification == thread->last_exit.qualification)
		thread->same_exits++;
	else
		thread->same_exits = 0;
	thread->last_exit = *exit;
	if (result->exits < PLAYER_EXITS_MAX)
		result->exit[result->exits] = *exit;
	result->exits++;
}

/* An interrupt is taken between instructions; one more may run while it is on its way. */
static bool
is_interrupted(const struct play_thread *thread)
{
	unsigned cpu = thread->machine.cpu;
	bool waits = thread->begun || thread->wants_exit;

	watch_touch(watch_cell_of(WATCH_INTERRUPT, cpu), WATCH_READ);
	return thread->player->machine.cpu[cpu].interrupt && watch_choose(waits ? 1 : 2) == 0;
}

/* Between two slices of a program, others may make a step first. */
static void
take_rest(struct play_thread *thread)
{
	struct sched *sched = thread->player->machine.sched;

	thread->rests = !sched_step(sched);
	if (!thread->rests && thread->player->scenario->threads > 1)
		sched_pause(sched);
}

static void
guest_run(void *ctx, struct vmx_exit *exit)
{
	struct play_thread *thread = ctx;

	play_always_entered(thread);
	for (;;) {
		const struct scn_step *step;

		if (!thread->begun || play_running(thread) != NULL)
			watch_anchor(thread->begun ? PLACE_RUN : PLACE_NEXT);
		if (is_interrupted(thread)) {
			/* It is not acknowledged: it stays pending until the host takes it. */
			exit->reason = VMX_EXIT_INTERRUPT;
			return;
		}
		if (thread->wants_exit || (play_step(thread) == NULL && !thread->begun)) {
			/* The end of the program: exit(2). */
			if (play_is_asked_for(thread))
				play_answer(thread);
			thread->wants_exit = true;
			thread->machine.vcpu.step = -1;
			thread->machine.rip = vk_gva(0);
			play_syscall_exit(exit);
			return;
		}
		if (thread->begun && thread->same_exits > SAME_EXITS_MAX) {
			/* The same exit again and again, each time resolved: nobody gets on. */
			result_outcome(&thread->result, SCN_OUTCOME_LIVELOCK);
			play_step_finish(thread);
			thread->wants_exit = thread->livelock = true;
			continue;
		}
		step = play_step(thread);
		if (!thread->begun && (!play_is_guest_op(step->op) || shares_cpu(thread))) {
			exit->reason = VMX_EXIT_INTERRUPT; /* out, for what comes in the host */
			return;
		}
		if (!thread->begun && !play_take_turn(thread, PLACE_GUEST))
			continue;
		if (play_run_waits(thread) || (thread->rests && shares_cpu(thread))) {
			exit->reason = VMX_EXIT_INTERRUPT; /* it waits in the host */
			return;
		}
		if (thread->rests) {
			take_rest(thread);
			continue;
		}
		machine_guest_enter(&thread->machine);
		switch (play_guest_step(thread, play_step(thread), exit)) {
		case GUEST_COMPLETED:
			play_step_finish(thread);
			break;
		case GUEST_TURN:
			/* Who watches decides at each access. */
			thread->rests = watch_current == NULL;
			break;
		case GUEST_EXITED:
			play_record_exit(thread, exit);
			return;
		}
	}
}

static int
guest_host_work(void *ctx)
{
	struct play_thread *thread = ctx;
	const struct scn_step *step = play_step(thread);

	watch_anchor(PLACE_HOST);
	if (play_run_waits(thread)) {
		sched_pause(thread->player->machine.sched);
		return 1;
	}
	if (thread->begun && thread->rests)
		take_rest(thread);
	if (thread->begun || thread->wants_exit || step == NULL)
		return 0;
	if (play_is_guest_op(step->op)) {
		/* With a shared CPU the turn is awaited here, outside guest mode. */
		if (shares_cpu(thread))
			(void)play_take_turn(thread, PLACE_TURN);
		return 0;
	}
	if (!play_take_turn(thread, PLACE_HOST))
		return 1;
	machine_thread_work(&thread->machine, true);
	play_kernel_step(thread, play_step(thread));
	play_step_finish(thread);
	machine_thread_work(&thread->machine, false);
	return 1;
}

/* The bytes of a step that has no address of its own. */
static unsigned
fetch_plain(const struct play_thread *thread, unsigned char *bytes, unsigned size)
{
	static const unsigned char syscall_bytes[] = { 0x0f, 0x05 };
	static const unsigned char ud2_bytes[] = { 0x0f, 0x0b };
	const struct scn_step *step = play_step(thread);
	const unsigned char *from = syscall_bytes;
	size_t count = sizeof(syscall_bytes);

	if (!thread->wants_exit && step->op == SCN_OP_UD2)
		from = ud2_bytes;
	if (!thread->wants_exit && step->op == SCN_OP_SYSCALL && step->content.size != 0) {
		from = step->content.data;
		count = (size_t)step->content.size;
	}
	if (count > size)
		count = size;
	memcpy(bytes, from, count);
	return (unsigned)count;
}

/* What the guest would get for fetching from there. */
static void
fetch_fault(const struct guestpt_walk *walk, enum guestpt_status status, struct vmx_exit *fault)
{
	*fault = (struct vmx_exit){ .reason = VMX_EXIT_EXCEPTION };
	switch (status) {
	case GUESTPT_PF:
		fault->intr_info = vmx_intr_info(VMX_VECTOR_PF, VMX_INTR_HARDWARE, true);
		fault->intr_error = walk->error_code;
		fault->qualification = walk->gva.v;
		break;
	case GUESTPT_GP:
		fault->intr_info = vmx_intr_info(VMX_VECTOR_GP, VMX_INTR_HARDWARE, true);
		break;
	default: /* the memory map has no such page, or none to fetch from */
		fault->reason = VMX_EXIT_EPT_VIOLATION;
		fault->qualification = VK_ACC_X | VK_BIT(7);
		fault->gla = walk->gva;
		fault->gla_valid = 1;
		break;
	}
}

/* The bytes in guest memory, through the guest's tables as they are now. */
static unsigned
fetch_from(struct play_thread *thread, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	enum guestpt_status status;
	struct guestpt_walk walk;
	struct play_user user;
	unsigned count = 0;

	play_user_init(&user, thread, NULL);
	while (count < size) {
		gva_t at = vk_gva(thread->machine.rip.v + count);
		unsigned room = (unsigned)(VK_PAGE_BYTES - (at.v & VK_PAGE_OFFSET_MASK));
		unsigned piece = size - count < room ? size - count : room;
		const void *page = NULL;
		void *cookie;

		status = guestpt_access(&user.us.pt, at, VK_ACC_X | VK_ACC_USER, &walk);
		if (status == GUESTPT_OK)
			page = user.us.mem.ops->hold(user.us.mem.ctx, walk.gpa, VK_ACC_R,
			    &cookie);
		if (page == NULL) {
			fetch_fault(&walk, status, fault);
			break;
		}
		memcpy(bytes + count, page, piece);
		user.us.mem.ops->release(user.us.mem.ctx, cookie);
		count += piece;
	}
	return count;
}

static unsigned
guest_fetch(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	struct play_thread *thread = ctx;
	struct exec_thread *program = play_running(thread);

	if (program != NULL)
		return exec_guest_fetch(program, bytes, size, fault);
	if (!thread->wants_exit && play_has_rip(play_step(thread)))
		return fetch_from(thread, bytes, size, fault);
	return fetch_plain(thread, bytes, size);
}

static void
guest_advance(void *ctx)
{
	struct play_thread *thread = ctx;
	const struct scn_step *step = play_step(thread);

	if (thread->wants_exit || play_running(thread) != NULL)
		return;
	thread->sent = true;
	/* These have no handler that would end the step. */
	if (step->op == SCN_OP_FLUSH || step->op == SCN_OP_CPUID)
		play_step_finish(thread);
}

static int
guest_is_flush_call(void *ctx)
{
	struct play_thread *thread = ctx;
	struct exec_thread *program = play_running(thread);

	if (program != NULL)
		return exec_guest_is_flush_call(program);
	/* A flush step has ended in guest_advance(), so it is the one before. */
	return !thread->wants_exit && !thread->begun;
}

static enum vmm_end
guest_syscall(void *ctx)
{
	struct play_thread *thread = ctx;
	struct exec_thread *program = play_running(thread);

	if (thread->wants_exit)
		return VMM_END_EXIT;
	if (program != NULL)
		return exec_guest_syscall(program);
	return play_syscall(thread, play_step(thread));
}

/* Whether the step's expectation names an outcome other than ok. */
static bool
is_expected(const struct scn_step *step)
{
	const struct scn_expect *expect = step->expect;
	size_t i;

	if (expect == NULL)
		return false;
	if (scn_has(&expect->src, SCN_KEY_OUTCOME) && expect->outcome != SCN_OUTCOME_OK)
		return true;
	for (i = 0; i < expect->eithers; i++) {
		if (scn_has(&expect->either[i].src, SCN_KEY_OUTCOME) &&
		    expect->either[i].outcome != SCN_OUTCOME_OK)
			return true;
	}
	return false;
}

/*
 * An exception of the guest.  In a process of the vkernel it goes to the vkernel; in the vkernel
 * itself it is a signal, which ends the thread unless the scenario is prepared for it.
 */
static enum vmm_end
guest_reflect(void *ctx, const struct vmx_exit *exit)
{
	struct play_thread *thread = ctx;
	const struct scn_step *step = play_step(thread);
	struct exec_thread *program = play_running(thread);
	bool expected = is_expected(step);

	if (program != NULL) {
		enum vmm_end end = exec_guest_reflect(program, exit);

		play_run_over(thread);
		return end;
	}
	if (play_serve_fault(thread, exit))
		return VMM_RUNNING;
	result_exit(&thread->result, exit);
	if ((exit->intr_info & VMX_INTR_VECTOR) == VMX_VECTOR_PF &&
	    (exit->intr_info & VMX_INTR_VALID)) {
		thread->result.cr2 = exit->qualification;
		result_set(&thread->result, SCN_KEY_CR2);
	}
	result_outcome(&thread->result,
	    thread->in_user ? SCN_OUTCOME_VKERNEL : SCN_OUTCOME_SIGNAL);
	if (thread->in_user) {
		thread->in_user = false;
		thread->machine.vmm.cr3 = vk_atomic_load64(
		    &thread->player->process[thread->scn->host_space].vmm.guest_cr3);
		expected = true;
	}
	play_step_finish(thread);
	return expected ? VMM_RUNNING : VMM_END_KILLED;
}

/* EAX of the leaves that the host has: what its caches are, one a sub-leaf. */
struct cpuid_row {
	uint32_t leaf, subleaf, eax;
};

static uint32_t
cpuid_eax(uint32_t leaf, uint32_t subleaf, unsigned maxphyaddr)
{
	static const struct cpuid_row rows[] = {
		{ 4, 0, 0x121 }, /* data, level 1 */
		{ 4, 1, 0x122 }, /* instructions, level 1 */
		{ 4, 2, 0x143 }, /* unified, level 2 */
		{ 4, 3, 0x163 }, /* unified, level 3 */
	};
	size_t i;

	if (leaf == 0x80000008u)
		return maxphyaddr | (48u << 8);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].leaf == leaf && rows[i].subleaf == subleaf)
			return rows[i].eax;
	}
	return 0;
}

static void
guest_emulate_cpuid(void *ctx)
{
	struct play_thread *thread = ctx;
	const struct scn_step *step = play_step(thread);
	struct exec_thread *program = play_running(thread);

	if (program != NULL) {
		exec_guest_cpuid(program);
		return;
	}
	result_value(&thread->result, cpuid_eax(step->leaf, step->subleaf,
	    thread->player->scenario->machine.maxphyaddr));
}

const struct machine_guest_ops play_guest_ops = {
	.run = guest_run,
	.host_work = guest_host_work,
	.fetch = guest_fetch,
	.advance = guest_advance,
	.is_flush_call = guest_is_flush_call,
	.syscall = guest_syscall,
	.reflect = guest_reflect,
	.emulate_cpuid = guest_emulate_cpuid,
};
