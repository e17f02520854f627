/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions about the state before a step: the machine as a view, or an access explained.
 */
#include "play/player.h"

bool
play_is_asked_for(const struct play_thread *thread)
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

/* What a step does with memory that is translated; 0: nothing. */
static const unsigned char acc_of_op[SCN_OPS] = {
	[SCN_OP_READ] = VK_ACC_R,
	[SCN_OP_WRITE] = VK_ACC_W,
	[SCN_OP_FETCH] = VK_ACC_X,
	[SCN_OP_XCHG] = VK_ACC_R | VK_ACC_W,
	[SCN_OP_ADD] = VK_ACC_R | VK_ACC_W,
	[SCN_OP_CAS] = VK_ACC_R | VK_ACC_W,
	[SCN_OP_COPYIN] = VK_ACC_R,
	[SCN_OP_COPYOUT] = VK_ACC_W,
	[SCN_OP_COPYINSTR] = VK_ACC_R,
	[SCN_OP_FUBYTE] = VK_ACC_R,
	[SCN_OP_FUWORD32] = VK_ACC_R,
	[SCN_OP_FUWORD64] = VK_ACC_R,
	[SCN_OP_SUBYTE] = VK_ACC_W,
	[SCN_OP_SUWORD32] = VK_ACC_W,
	[SCN_OP_SUWORD64] = VK_ACC_W,
};

/* The access that the step itself makes. */
static bool
request_of_step(const struct scn_step *step, struct vcpu_request *request)
{
	if (step == NULL || acc_of_op[step->op] == 0)
		return false;
	request->gva = vk_gva(step->at);
	request->acc = acc_of_op[step->op];
	request->size = step->size == 0 ? 1 : step->size > 8 ? 8 : (unsigned)step->size;
	return true;
}

void
play_answer(struct play_thread *thread)
{
	struct player *player = thread->player;
	const struct play_question *question = player->question;
	struct vcpu_request request = { .gva = { question->gva }, .size = question->size,
		.acc = question->acc };

	if (player->view != NULL) {
		answer_view(thread);
		return;
	}
	if (!question->gva_given && !request_of_step(play_step(thread), &request)) {
		player->answer = PLAY_NO_ACCESS;
		return;
	}
	if (!(thread->scn->role & SCN_ROLE_VCPUS)) {
		player->answer = PLAY_NO_TABLES;
		return;
	}
	explain_access(&thread->machine.vcpu, &request, player->why);
	player->answer = PLAY_ANSWERED;
}
