/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's life: from step to step on its own, or inside the core's run loop as a vCPU.
 *
 * A master or slave spends its time in vmm_run().  Its guest instructions run when the loop enters
 * the guest; steps that belong to the host are done before the next entry, where a kernel handles
 * an AST.  A step whose instruction exits is tried again after the VMM has resolved the exit, as
 * the processor would.
 */
#include <stdlib.h>
#include <string.h>

#include "play/player.h"
#include "sim/watch.h"

/* Where a thread stands between two steps, for who watches: its stack follows from that. */
enum place {
	PLACE_STEPS,  /* it lives by its steps */
	PLACE_BECOME, /* before it is a vCPU */
	PLACE_HOST,   /* in the run loop, out of guest mode */
	PLACE_TURN,   /* there, when it has seen that others share its CPU */
	PLACE_GUEST,  /* in the run loop, in guest mode */
	PLACE_NEXT,   /* there, before it looks for an interrupt */
	PLACE_RUN     /* there, between two instructions of a program */
};

#define SAME_EXITS_MAX 8
#define ROUNDS_MAX 100000

/* --- results ---------------------------------------------------------------------------------- */

void
result_set(struct step_result *result, enum scn_key key)
{
	result->has[(unsigned)key / 64] |= 1ull << ((unsigned)key % 64);
}

void
result_outcome(struct step_result *result, enum scn_outcome outcome)
{
	result->outcome = outcome;
	result_set(result, SCN_KEY_OUTCOME);
}

void
result_value(struct step_result *result, uint64_t value)
{
	result->value = value;
	result_set(result, SCN_KEY_VALUE);
}

bool
result_room(struct play_thread *thread, size_t room)
{
	struct step_result *result = &thread->result;

	if (room < sizeof(uint64_t))
		room = sizeof(uint64_t);
	if (result->room >= room)
		return true;
	free(result->bytes);
	result->bytes = malloc(room);
	result->room = result->bytes != NULL ? room : 0;
	if (result->bytes == NULL)
		thread->player->status = PLAY_NO_MEMORY;
	return result->bytes != NULL;
}

bool
result_bytes(struct play_thread *thread, size_t size)
{
	if (!result_room(thread, size))
		return false;
	thread->result.size = size;
	return true;
}

static void
result_clear(struct step_result *result)
{
	/* The exits kept are counted by `exits`; the array itself need not be cleared. */
	memset(result->has, 0, sizeof(result->has));
	result->outcome = SCN_OUTCOME_OK;
	result->stale = false;
	result->size = 0;
	result->exits = 0;
	result->reads = 0;
	result->accessed = false;
}

static enum scn_outcome
outcome_of_exit(const struct vmx_exit *exit)
{
	if (exit->reason & VMX_REASON_ENTRY_FAILED)
		return SCN_OUTCOME_ENTRY_FAILED;
	switch (exit->reason & 0xffff) {
	case VMX_EXIT_EPT_VIOLATION:
		return SCN_OUTCOME_EPT_VIOLATION;
	case VMX_EXIT_EPT_MISCONFIG:
		return SCN_OUTCOME_EPT_MISCONFIG;
	case VMX_EXIT_SPP:
		return SCN_OUTCOME_SPP_EVENT;
	default:
		return SCN_OUTCOME_EXIT;
	}
}

void
result_exit(struct step_result *result, const struct vmx_exit *exit)
{
	result_outcome(result, outcome_of_exit(exit));
	result->reason = exit->reason;
	result_set(result, SCN_KEY_REASON);
	result->qualification = exit->qualification;
	result_set(result, SCN_KEY_QUALIFICATION);
	if (exit->intr_info & VMX_INTR_VALID) {
		result->intr_info = exit->intr_info;
		result_set(result, SCN_KEY_INTR_INFO);
		result->vector = exit->intr_info & VMX_INTR_VECTOR;
		result_set(result, SCN_KEY_VECTOR);
	}
	if (exit->idt_info & VMX_INTR_VALID) {
		result->idt_info = exit->idt_info;
		result_set(result, SCN_KEY_IDT_INFO);
	}
	if (exit->intr_info & VMX_INTR_CODE_VALID) {
		result->error_code = exit->intr_error;
		result_set(result, SCN_KEY_ERROR_CODE);
	}
	if (result->outcome != SCN_OUTCOME_EXIT) {
		result->gpa = exit->gpa.v;
		result_set(result, SCN_KEY_GPA);
	}
	if (exit->gla_valid) {
		result->gla = exit->gla.v;
		result_set(result, SCN_KEY_GLA);
	}
}

/* --- steps ------------------------------------------------------------------------------------ */

const struct scn_step *
play_step(const struct play_thread *thread)
{
	return thread->at < thread->scn->steps ? &thread->scn->step[thread->at] : NULL;
}

static void
step_begin(struct play_thread *thread)
{
	struct event event = { .kind = EVENT_STEP };
	const struct scn_step *step = play_step(thread);

	thread->begun = true;
	thread->sent = false;
	thread->same_exits = 0;
	thread->changes = thread->player->machine.log == NULL ? 0 :
	    table_log_number(thread->player->machine.log);
	thread->machine.vcpu.step = (int)thread->at;
	thread->machine.rip = vk_gva(play_has_rip(step) ? step->at : 0);
	if (step->op == SCN_OP_RUN)
		play_run_begin(thread);
	result_clear(&thread->result);
	event.name = scn_op_name(step->op);
	event.address = step->at;
	machine_emit(&thread->player->machine, &event);
}

void
play_step_finish(struct play_thread *thread)
{
	const struct scn_step *step = play_step(thread);
	struct step_result *result = &thread->result;

	if (!result_has(result, SCN_KEY_OUTCOME))
		result_outcome(result, SCN_OUTCOME_OK);
	if (play_has_rip(step) || step->op == SCN_OP_RUN) {
		result->rip = thread->machine.rip.v;
		result_set(result, SCN_KEY_RIP);
	}
	/* It is held against what is there now, before anybody else comes. */
	watch_whole(true);
	play_always_done(thread);
	expect_step(thread, step);
	watch_whole(false);
	thread->begun = false;
	thread->player->outcome->steps++;
	if (step->repeat == SCN_FOREVER) {
		thread->yields = true;
		thread->player->rounds++;
	} else {
		thread->player->rounds = 0;
		if (++thread->round >= step->repeat) {
			thread->round = 0;
			thread->at++;
		}
	}
	if (machine_failed(&thread->player->machine) != MACHINE_FINE)
		thread->wants_exit = true;
}

/* The state before the step that a question is about. */
static bool
is_asked_for(const struct play_thread *thread)
{
	const struct play_question *question = thread->player->question;

	return question != NULL && question->thread == thread->index &&
	    question->step == thread->at && thread->player->answer == PLAY_NOT_REACHED;
}

static void
answer_view(struct play_thread *thread)
{
	struct player *player = thread->player;

	if (!(thread->scn->role & SCN_ROLE_VCPUS))
		player->answer = PLAY_NO_TABLES;
	else
		player->answer = play_view_make(thread, player->view) ? PLAY_ANSWERED :
		    PLAY_ANSWER_NO_MEMORY;
}

static void
answer_question(struct play_thread *thread)
{
	struct player *player = thread->player;
	const struct play_question *question = player->question;
	const struct scn_step *step = play_step(thread);
	struct vcpu_request request = { .gva = { question->gva }, .size = question->size,
		.acc = question->acc };

	if (player->view != NULL) {
		answer_view(thread);
		return;
	}
	if (!question->gva_given) {
		static const unsigned char acc_of_op[SCN_OPS] = {
			[SCN_OP_READ] = VK_ACC_R, [SCN_OP_WRITE] = VK_ACC_W,
			[SCN_OP_FETCH] = VK_ACC_X, [SCN_OP_XCHG] = VK_ACC_R | VK_ACC_W,
			[SCN_OP_ADD] = VK_ACC_R | VK_ACC_W, [SCN_OP_CAS] = VK_ACC_R | VK_ACC_W,
			[SCN_OP_COPYIN] = VK_ACC_R, [SCN_OP_COPYOUT] = VK_ACC_W,
			[SCN_OP_COPYINSTR] = VK_ACC_R, [SCN_OP_FUBYTE] = VK_ACC_R,
			[SCN_OP_FUWORD32] = VK_ACC_R, [SCN_OP_FUWORD64] = VK_ACC_R,
			[SCN_OP_SUBYTE] = VK_ACC_W, [SCN_OP_SUWORD32] = VK_ACC_W,
			[SCN_OP_SUWORD64] = VK_ACC_W,
		};

		if (step == NULL || acc_of_op[step->op] == 0) {
			player->answer = PLAY_NO_ACCESS;
			return;
		}
		request.gva = vk_gva(step->at);
		request.acc = acc_of_op[step->op];
		request.size = step->size == 0 ? 1 : step->size > 8 ? 8 : (unsigned)step->size;
	}
	if (!(thread->scn->role & SCN_ROLE_VCPUS)) {
		player->answer = PLAY_NO_TABLES;
		return;
	}
	explain_access(&thread->machine.vcpu, &request, player->why);
	player->answer = PLAY_ANSWERED;
}

bool
play_is_taken_down(const struct play_thread *thread)
{
	const struct player *player = thread->player;
	size_t i;

	if (!scn_thread_is_daemon(thread->scn))
		return false;
	for (i = 0; i < player->scenario->threads; i++) {
		const struct play_thread *other = &player->thread[i];

		if (scn_thread_is_daemon(other->scn))
			continue;
		play_touch_thread(other);
		if (!other->ended)
			return false;
	}
	return true;
}

/*
 * A round of a step that is repeated for ever is a turn of a wait, for the end of the others.
 * false: they have been given so many turns that they will not get on any more.  Then the thread
 * only waits, and the scheduler sees that nobody does anything else.  Who watches sees it without.
 */
static bool
yield_round(struct play_thread *thread)
{
	if (!thread->yields)
		return true;
	sched_pause(thread->player->machine.sched);
	thread->yields = watch_current == NULL && thread->player->rounds >= ROUNDS_MAX;
	return !thread->yields || play_is_taken_down(thread);
}

/* Between two instructions any number of stores may leave the buffer; at the end, all of them. */
static void
drain_some(struct play_thread *thread, enum place place)
{
	struct vcpu *vcpu = &thread->machine.vcpu;
	bool all = play_step(thread) == NULL || thread->wants_exit;

	while (vcpu->stores != NULL && vcpu->stores->count != 0 && (all || watch_choose(2) != 0)) {
		vcpu_stores_drain(vcpu->stores);
		watch_anchor(place);
	}
}

/*
 * Waits for the thread's turn and begins the next step.  false: let go on out of turn, or done.
 */
static bool
take_turn(struct play_thread *thread, enum place place)
{
	struct player *player = thread->player;

	watch_anchor(place);
	drain_some(thread, place);
	if (is_asked_for(thread))
		answer_question(thread);
	if (!yield_round(thread))
		return false;
	if (play_step(thread) == NULL || thread->wants_exit ||
	    (player->question != NULL && player->answer != PLAY_NOT_REACHED)) {
		thread->wants_exit = true;
		return false;
	}
	if (!sched_step(player->machine.sched))
		return false;
	if (play_is_taken_down(thread)) {
		thread->wants_exit = true;
		return false;
	}
	step_begin(thread);
	return true;
}

/* What runs in guest mode, as opposed to in the host; edits are made in place. */
static bool
is_guest_op(enum scn_op op)
{
	return op <= SCN_OP_FLUSH || (op >= SCN_OP_SET_ENTRY && op <= SCN_OP_PEEK) ||
	    (op >= SCN_OP_PMAP && op <= SCN_OP_VK_COPYOUT) || op == SCN_OP_RUN ||
	    op == SCN_OP_RUN_USER;
}

/* --- in the run loop -------------------------------------------------------------------------- */

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

static void
record_exit(struct play_thread *thread, const struct vmx_exit *exit)
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
			if (is_asked_for(thread))
				answer_question(thread);
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
		if (!thread->begun && (!is_guest_op(step->op) || shares_cpu(thread))) {
			exit->reason = VMX_EXIT_INTERRUPT; /* out, for what comes in the host */
			return;
		}
		if (!thread->begun && !take_turn(thread, PLACE_GUEST))
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
			record_exit(thread, exit);
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
	if (is_guest_op(step->op)) {
		/* With a shared CPU the turn is awaited here, outside guest mode. */
		if (shares_cpu(thread))
			(void)take_turn(thread, PLACE_TURN);
		return 0;
	}
	if (!take_turn(thread, PLACE_HOST))
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

static const struct machine_guest_ops guest_ops = {
	.run = guest_run,
	.host_work = guest_host_work,
	.fetch = guest_fetch,
	.advance = guest_advance,
	.is_flush_call = guest_is_flush_call,
	.syscall = guest_syscall,
	.reflect = guest_reflect,
	.emulate_cpuid = guest_emulate_cpuid,
};

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

		if (step != NULL && !explicit_init && is_guest_op(step->op)) {
			result_clear(&thread->result);
			return play_vminit(thread, NULL);
		}
		if (!take_turn(thread, PLACE_BECOME)) {
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
	record_exit(thread, &exit);
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

		if (!take_turn(thread, PLACE_STEPS)) {
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

/* --- who watches ------------------------------------------------------------------------------ */

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
	thread->machine.guest = &guest_ops;
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
