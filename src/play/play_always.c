/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties that a scenario asks for of every run: no use of what a shootdown has taken away, one
 * EPT root a process, a gate that is balanced.
 *
 * Where it stops: a shootdown is a step that promises, by returning, that nobody uses the old
 * translation; an entry that is changed in another way promises nothing.  What it takes away is
 * looked for among what is cached when it returns: a walk that has read the old entry and not yet
 * cached it counts from its next shootdown on.  The gate is looked at when the run is over: a count
 * that was lost stays lost.
 */
#include <inttypes.h>
#include <stdio.h>

#include "play/player.h"

#define TEXT 128

/* Steps that return when all others have left off what they change [DF-SYNC] [DF-EPT-INVAL]. */
static const bool promises[SCN_OPS] = {
	[SCN_OP_SYNC_ADDR] = true,
	[SCN_OP_PMAP] = true,
	[SCN_OP_MPROTECT] = true,
	[SCN_OP_MUNMAP] = true,
};

void
play_always_done(struct play_thread *thread)
{
	struct player *player = thread->player;
	const struct step_result *result = &thread->result;

	if (play_is_always(player, SCN_ALWAYS_NO_REVOKED_USE) &&
	    promises[play_step(thread)->op] && result->outcome == SCN_OUTCOME_OK)
		machine_revoke(&player->machine, &thread->machine, thread->changes);
}

/* At the step that the thread is in, or where the thread stands in the file. */
static void
failed(struct play_thread *thread, const char *property, const char *expected, const char *found,
    const struct expect_reason *reason)
{
	const struct scn_step *step = play_step(thread);
	bool in_step = thread->begun && step != NULL;

	expect_failed(thread->player, in_step ? step->src.mark : thread->scn->src.mark,
	    (int)thread->index, in_step ? (int)thread->at : -1, property, expected, found, reason);
}

void
play_always_used(struct play_thread *thread, const struct vcpu_piece *piece)
{
	struct expect_reason reason = { .stale = &piece->history };
	char found[TEXT];

	snprintf(found, sizeof(found), "one that leads 0x%" PRIx64 " to HPA 0x%" PRIx64,
	    piece->gva.v, piece->hpa.v);
	failed(thread, "no-revoked-use", "no use of a translation that was taken away", found,
	    &reason);
}

void
play_always_entered(struct play_thread *thread)
{
	const struct machine_process *process = thread->machine.process;
	uint64_t root = thread->machine.vcpu.ept.eptp;
	char expected[TEXT], found[TEXT];

	if (!play_is_always(thread->player, SCN_ALWAYS_SAME_ROOT))
		return;
	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ);
	if (process->has_ept && process->ept.eptp == root)
		return;
	snprintf(expected, sizeof(expected), "entries with EPTP 0x%" PRIx64, process->ept.eptp);
	snprintf(found, sizeof(found), "one with 0x%" PRIx64, root);
	failed(thread, "same-root", process->has_ept ? expected : "no entry without an EPT", found,
	    NULL);
}

/* --- the gate --------------------------------------------------------------------------------- */

static bool
is_in_process(const struct play_thread *thread, size_t process)
{
	return thread->scn->role != SCN_ROLE_KERNEL && thread->scn->host_space == process;
}

/* Whether some thread of it was left where it stood: then it may well be counted. */
static bool
is_under_way(const struct player *player, size_t process)
{
	size_t i;

	for (i = 0; i < player->scenario->threads; i++) {
		if (is_in_process(&player->thread[i], process) && !player->thread[i].ended)
			return true;
	}
	return false;
}

static void
check_word(struct player *player, const char *name, uint64_t word)
{
	char found[TEXT];

	if (word == 0)
		return;
	snprintf(found, sizeof(found), "%s 0x%" PRIx64, name, word);
	expect_failed(player, player->scenario->expect.src.mark, -1, -1, "gate-balanced",
	    "an open gate at which nobody is counted", found, NULL);
}

void
play_always_end(struct player *player)
{
	size_t i;

	if (!play_is_always(player, SCN_ALWAYS_GATE_BALANCED))
		return;
	for (i = 0; i < player->scenario->host.spaces; i++) {
		const struct vmm_proc *proc = &player->process[i].vmm;

		if (is_under_way(player, i))
			continue;
		check_word(player, "cpulock", proc->cpulock);
		check_word(player, "cpumask", proc->cpumask);
		check_word(player, "the lock of active", proc->active & VMM_ACTIVE_LOCK);
	}
}
