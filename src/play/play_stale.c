/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which invalidations a run lacked: those that would have kept an access from a stale translation,
 * and those without which one is still there for a guest that may go on.
 *
 * Where it stops: a processor that has left guest mode owes nothing before it enters again, and
 * what the guest of another PCID would find is not looked at.  An adversarial processor keeps no
 * items, so of it only what was used is told.
 */
#include <stdlib.h>
#include <string.h>

#include "play/player.h"

static bool
is_same(const struct stale *a, const struct stale *b)
{
	return a->what == b->what && a->cpu == b->cpu && a->side == b->side &&
	    a->place == b->place && a->number == b->number && a->before == b->before &&
	    a->remedy == b->remedy && a->operand == b->operand;
}

/* The one that says the same, or a new one; NULL when there is no room. */
static struct play_advice *
find_advice(struct player *player, const struct stale *stale)
{
	struct play_outcome *outcome = player->outcome;
	size_t i;

	for (i = 0; i < outcome->advices; i++) {
		if (is_same(&outcome->advice[i].stale, stale))
			return &outcome->advice[i];
	}
	if (outcome->advices == PLAY_ADVICES_MAX) {
		outcome->more_advices++;
		return NULL;
	}
	if (outcome->advice == NULL)
		outcome->advice = calloc(PLAY_ADVICES_MAX, sizeof(*outcome->advice));
	if (outcome->advice == NULL) {
		player->status = PLAY_NO_MEMORY;
		return NULL;
	}
	outcome->advice[outcome->advices].stale = *stale;
	return &outcome->advice[outcome->advices++];
}

static bool
speaks_of_stale(const struct scn_expect *expect)
{
	size_t i = 0;

	if (expect == NULL)
		return false;
	while (i < expect->eithers && !scn_has(&expect->either[i].src, SCN_KEY_STALE))
		i++;
	return i < expect->eithers || scn_has(&expect->src, SCN_KEY_STALE);
}

bool
play_expects_stale(const struct scenario *scenario)
{
	size_t i, j;

	for (i = 0; i < scenario->conditions; i++) {
		if (speaks_of_stale(&scenario->condition[i]->expect))
			return true;
	}
	for (i = 0; i < scenario->threads; i++) {
		for (j = 0; j < scenario->thread[i].steps; j++) {
			if (speaks_of_stale(scenario->thread[i].step[j].expect))
				return true;
		}
	}
	return false;
}

void
play_note_stale(struct play_thread *thread, const struct vcpu_piece *piece)
{
	struct play_advice *advice;

	thread->result.stale = true;
	thread->result.history = piece->history;
	if (!thread->player->advises)
		return;
	advice = find_advice(thread->player, &piece->history);
	if (advice == NULL || advice->uses++ != 0)
		return;
	advice->thread = (int)thread->index;
	advice->step = thread->machine.vcpu.step;
	advice->address = piece->gva.v;
}

/* --- what is left at the end ------------------------------------------------------------------ */

/* Whether the guest could use it without another MOV to CR3. */
static bool
is_of_guest(const struct vcpu *vcpu, const struct tlb_entry *item)
{
	struct tlb_tag tag = vcpu_tag(vcpu);

	if (item->tag.eptrta != tag.eptrta)
		return false;
	return tlb_kind_is_guest_physical(item->kind) || (item->tag.vpid == tag.vpid &&
	    (item->global || item->tag.pcid == tag.pcid));
}

/* Whether what was advised of a guest's entry takes upper entries with it. */
static bool
is_covered(const struct play_outcome *outcome, const struct stale *stale)
{
	size_t i;

	for (i = 0; stale->side == EVENT_GUEST && i < outcome->advices; i++) {
		const struct stale *other = &outcome->advice[i].stale;

		if (other->cpu == stale->cpu && other->number == stale->number &&
		    other->remedy == stale->remedy)
			return true;
	}
	return false;
}

static void
advise_kind(struct player *player, const struct machine_thread *guest, enum tlb_kind kind)
{
	const struct tlb_entry *item;
	struct stale stale;
	unsigned i;

	for (i = 0; (item = tlb_entry_at(guest->vcpu.tlb, kind, i)) != NULL; i++) {
		struct play_advice *advice;

		if (!is_of_guest(&guest->vcpu, item) ||
		    !stale_is_item(&guest->vcpu, item, &stale) ||
		    (tlb_kind_is_structure(kind) && is_covered(player->outcome, &stale)))
			continue;
		advice = find_advice(player, &stale);
		if (advice == NULL || advice->uses != 0)
			continue;
		advice->kept = tlb_kind_name(kind);
		advice->address = item->address;
	}
}

void
play_advise_end(struct player *player)
{
	/* What covers most comes first. */
	static const enum tlb_kind order[TLB_KINDS] = { TLB_LINEAR, TLB_COMBINED,
		TLB_GUEST_PHYSICAL, TLB_LINEAR_STRUCTURE, TLB_COMBINED_STRUCTURE,
		TLB_GUEST_PHYSICAL_STRUCTURE };
	const struct machine *machine = &player->machine;
	unsigned cpu;
	size_t i;

	if (!player->advises || machine->log == NULL)
		return;
	for (cpu = 0; cpu < machine->config.cpus; cpu++) {
		const struct machine_thread *guest = machine->cpu[cpu].guest;

		for (i = 0; guest != NULL && i < TLB_KINDS; i++)
			advise_kind(player, guest, order[i]);
	}
}
