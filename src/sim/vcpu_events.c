/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an access tells of itself: each entry in the order in which the processor read it, what came
 * from a cache in the place of entries, the flags that were set, and how it ended.
 */
#include "sim/vcpu_access.h"

static void
emit(const struct vcpu *vcpu, struct event *event)
{
	event->thread = vcpu->thread;
	event->step = vcpu->step;
	vcpu->sink(vcpu->sink_ctx, event);
}

static void
emit_read(const struct vcpu *vcpu, enum event_side side, unsigned level, uint64_t slot,
    uint64_t entry, unsigned *order)
{
	struct event event = { .kind = EVENT_TABLE_READ, .side = side, .level = level };

	event.slot = slot;
	event.value = entry;
	event.order = order != NULL ? ++*order : 0;
	emit(vcpu, &event);
}

static void
emit_flags(const struct vcpu *vcpu, enum event_side side, unsigned level, uint64_t slot,
    uint64_t before, uint64_t after)
{
	struct event event = { .kind = EVENT_FLAGS, .side = side, .level = level };

	if (before == after)
		return;
	event.slot = slot;
	event.before = before;
	event.value = after;
	emit(vcpu, &event);
}

/* Entries down to this level came from a cache: nothing was read for them. */
static void
emit_cached(const struct vcpu *vcpu, enum event_side side, unsigned level, uint64_t address,
    uint64_t entry, const char *kind)
{
	struct event event = { .kind = EVENT_CACHED, .side = side, .level = level, .name = kind };

	event.address = address;
	event.value = entry;
	emit(vcpu, &event);
}

static void
emit_ept_walk(const struct vcpu *vcpu, const struct ept_walk *walk, enum ept_status status,
    unsigned cached, unsigned *order)
{
	unsigned level = vcpu->ept.levels;

	if (walk->level == 0)
		return;
	if (cached != 0) {
		emit_cached(vcpu, EVENT_EPT, cached, walk->gpa.v, walk->step[cached].entry,
		    tlb_kind_name(ept_is_leaf(cached, walk->step[cached].entry) ?
		    TLB_GUEST_PHYSICAL : TLB_GUEST_PHYSICAL_STRUCTURE));
		level = cached - 1;
	}
	for (; level >= walk->level && level > 0; level--)
		emit_read(vcpu, EVENT_EPT, level, walk->step[level].slot.v,
		    walk->step[level].entry, order);
	if (status != EPT_OK || !vcpu->ept.ad)
		return;
	for (level = vcpu->ept.levels; level >= walk->level; level--) {
		const struct ept_step *step = &walk->step[level];
		uint64_t dirty = level == walk->level && (walk->acc & VK_ACC_W) ? EPT_D : 0;

		emit_flags(vcpu, EVENT_EPT, level, step->slot.v, step->entry,
		    step->entry | EPT_A | dirty);
	}
}

static unsigned
guest_level_of_slot(const struct guestpt_walk *walk, unsigned levels, gpa_t slot, uint64_t entry)
{
	unsigned level;

	for (level = levels; level >= walk->level && level > 0; level--) {
		if (walk->step[level].slot.v == slot.v &&
		    (walk->step[level].entry | VK_PG_A | VK_PG_D) ==
		    (entry | VK_PG_A | VK_PG_D))
			return level;
	}
	return walk->level;
}

/*
 * The upper entries of the guest's walk that no EPT walk led to.  Returns the level of the next.
 */
static unsigned
emit_guest_cached(const struct vcpu *vcpu, const struct vcpu_piece *piece, unsigned *order)
{
	const struct guestpt_walk *guest = &piece->guest;
	unsigned level = piece->guest_cached;

	if (level == 0)
		return vcpu_levels(vcpu);
	emit_cached(vcpu, EVENT_GUEST, level, piece->gva.v, guest->step[level].entry,
	    tlb_kind_name(vcpu->ept_on ? TLB_COMBINED_STRUCTURE : TLB_LINEAR_STRUCTURE));
	level--;
	if (!piece->guest_direct)
		return level;
	emit_read(vcpu, EVENT_GUEST, level, guest->step[level].slot.v, guest->step[level].entry,
	    order);
	return level - 1;
}

/* The guest's walk where no EPT walks record what became of it. */
static void
emit_flat_walk(const struct vcpu *vcpu, const struct vcpu_piece *piece, bool done)
{
	const struct guestpt_walk *guest = &piece->guest;
	unsigned order = 0, level = emit_guest_cached(vcpu, piece, &order);

	for (; level >= guest->level && level > 0; level--)
		emit_read(vcpu, EVENT_GUEST, level, guest->step[level].slot.v,
		    guest->step[level].entry, &order);
	for (level = vcpu_levels(vcpu); done && level >= guest->level && level > 0; level--) {
		uint64_t entry = guest->step[level].entry;
		uint64_t dirty = level == guest->level && (guest->acc & VK_ACC_W) ? VK_PG_D : 0;

		emit_flags(vcpu, EVENT_GUEST, level, guest->step[level].slot.v, entry,
		    entry | VK_PG_A | dirty);
	}
}

/* The guest's walk, with the EPT walk that led to each of its entries. */
static void
emit_walk(const struct vcpu *vcpu, const struct vcpu_result *result,
    const struct vcpu_piece *piece)
{
	const struct guestpt_walk *guest = &piece->guest;
	unsigned order = 0, i, level;

	if (!vcpu->ept_on) {
		emit_flat_walk(vcpu, piece, result->outcome == VCPU_DONE);
		return;
	}
	level = emit_guest_cached(vcpu, piece, &order);
	for (i = 0; i < result->gpm.count; i++) {
		const struct ept_gpm_access *access = &result->gpm.access[i];

		/* What setting a guest flag reads is not one of the walk's references. */
		emit_ept_walk(vcpu, &access->walk, access->status, result->table_cached[i],
		    access->update ? NULL : &order);
		if (access->status != EPT_OK)
			continue;
		if (access->update) {
			unsigned at = guest_level_of_slot(guest, vcpu_levels(vcpu),
			    access->walk.gpa, access->entry);

			emit_flags(vcpu, EVENT_GUEST, at, access->walk.gpa.v,
			    guest->step[at].entry, access->entry);
		} else {
			emit_read(vcpu, EVENT_GUEST, level--, access->walk.gpa.v, access->entry,
			    &order);
		}
	}
	if (piece->final_walked)
		emit_ept_walk(vcpu, &piece->final, piece->final_status, piece->final_cached,
		    &order);
}

static const enum event_outcome outcome_events[] = {
	[VCPU_DONE] = EVENT_OK,
	[VCPU_PF] = EVENT_PAGE_FAULT,
	[VCPU_GP] = EVENT_GENERAL_PROTECTION,
	[VCPU_EXIT] = EVENT_VM_EXIT,
	[VCPU_VE] = EVENT_VIRTUALIZATION,
};

void
emit_piece(const struct vcpu *vcpu, const struct vcpu_request *request,
    const struct vcpu_result *result, const struct vcpu_piece *piece)
{
	struct event event = { .kind = EVENT_ACCESS };

	if (vcpu->sink == NULL)
		return;
	if (!piece->cached)
		emit_walk(vcpu, result, piece);
	event.address = piece->gva.v;
	event.size = piece->size;
	event.acc = request->acc;
	event.outcome = outcome_events[result->outcome];
	event.error = result->error_code;
	event.gpa = piece->gpa.v;
	event.value = piece->hpa.v;
	event.cached = piece->cached;
	emit(vcpu, &event);
	if (piece->stale) {
		event.kind = EVENT_STALE;
		event.stale = &piece->history;
		emit(vcpu, &event);
	}
}

void
emit_not_canonical(const struct access_state *state)
{
	struct event event = { .kind = EVENT_ACCESS, .outcome = EVENT_GENERAL_PROTECTION };

	if (state->vcpu->sink == NULL || state->look_only)
		return;
	event.address = state->request->gva.v;
	event.size = state->request->size;
	event.acc = state->request->acc;
	emit(state->vcpu, &event);
}
