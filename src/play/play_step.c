/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From step to step: whose turn it is, where a step begins, how it ends.
 */
#include "play/player.h"
#include "sim/watch.h"

#define ROUNDS_MAX 100000

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
drain_some(struct play_thread *thread, enum play_place place)
{
	struct vcpu *vcpu = &thread->machine.vcpu;
	bool all = play_step(thread) == NULL || thread->wants_exit;

	while (vcpu->stores != NULL && vcpu->stores->count != 0 && (all || watch_choose(2) != 0)) {
		vcpu_stores_drain(vcpu->stores);
		watch_anchor(place);
	}
}

bool
play_take_turn(struct play_thread *thread, enum play_place place)
{
	struct player *player = thread->player;

	watch_anchor(place);
	drain_some(thread, place);
	if (play_is_asked_for(thread))
		play_answer(thread);
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

bool
play_is_guest_op(enum scn_op op)
{
	return op <= SCN_OP_FLUSH || (op >= SCN_OP_SET_ENTRY && op <= SCN_OP_PEEK) ||
	    (op >= SCN_OP_PMAP && op <= SCN_OP_VK_COPYOUT) || op == SCN_OP_RUN ||
	    op == SCN_OP_RUN_USER;
}
