/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The choices of conform_either.h, found by looking again at what the last access walked.
 *
 * Entries are looked up once more after the case: flags may differ from what the walk read, the
 * rest does not.
 */
#include "conform/conform_either.h"

#include <string.h>

static void
open_bits(struct conform_either *either, uint64_t pa, uint64_t bits)
{
	unsigned i;

	for (i = 0; i < either->slots && either->slot[i].pa != pa; i++)
		;
	if (i == CONFORM_EITHER_MAX)
		return;
	if (i == either->slots) {
		either->slot[i].pa = pa;
		either->slot[i].bits = 0;
		either->slots++;
	}
	either->slot[i].bits |= bits;
}

/* Flags of the EPT entries that a translation used; of one that failed only above its end. */
static void
open_ept(struct conform_either *either, const struct ept *ept, const struct ept_walk *walk,
    enum ept_status status)
{
	unsigned level;

	if (!ept->ad || walk->level == 0)
		return;
	for (level = ept->levels; level > walk->level; level--)
		open_bits(either, walk->step[level].slot.v, EPT_A);
	if (status == EPT_OK)
		open_bits(either, walk->step[level].slot.v, EPT_A | EPT_D);
}

/* Flags that a walk may have set in its entry of `level`. */
static uint64_t
guest_flags(const struct guestpt_walk *guest, unsigned level)
{
	if (level > guest->level)
		return VK_PG_A;
	if (guest->why != GUESTPT_WHY_NONE || !(guest->step[level].entry & VK_PG_P))
		return 0;
	return VK_PG_A | ((guest->acc & VK_ACC_W) ? VK_PG_D : 0);
}

/* Whether the recorded exit is a failure to set the flags of this entry. */
static bool
is_update_of(const struct conform_outcome *expected, const struct vcpu *vcpu,
    const struct guestpt_walk *guest, unsigned level, const struct ept_walk *walk)
{
	uint64_t flags = guest_flags(guest, level) & ~guest->step[level].entry;
	uint64_t qualification = EPT_QUAL_W | EPT_QUAL_GLA_VALID |
	    (walk->perm & EPT_RWX) << EPT_QUAL_PERM_SHIFT;

	return expected->out == CONFORM_VIOLATION && !vcpu->ept.ad && flags != 0 &&
	    !(walk->perm & EPT_W) && expected->value[CONFORM_GPA] == walk->gpa.v &&
	    expected->value[CONFORM_GLA] == guest->gva.v &&
	    (expected->value[CONFORM_QUAL] & ~EPT_QUAL_R) == qualification;
}

static void
collect_piece(const struct vcpu *vcpu, const struct vcpu_piece *piece,
    const struct conform_outcome *expected, struct conform_either *either)
{
	const struct guestpt_walk *guest = &piece->guest;
	unsigned level = (vcpu->mode.cr4 & VK_CR4_LA57) ? 5 : 4;

	if (piece->cached || guest->level == 0)
		return;
	for (; level >= guest->level; level--) {
		struct ept_walk walk;
		enum ept_status status = ept_walk(&vcpu->ept, guest->step[level].slot,
		    VK_ACC_R | VK_ACC_TABLE, &walk);

		open_ept(either, &vcpu->ept, &walk, status);
		if (status != EPT_OK)
			break;
		open_bits(either, walk.hpa.v, guest_flags(guest, level));
		either->update |= is_update_of(expected, vcpu, guest, level, &walk);
	}
	if (piece->final_walked)
		open_ept(either, &vcpu->ept, &piece->final, piece->final_status);
}

void
conform_either_collect(const struct vcpu *vcpu, const struct conform_played *played,
    const struct conform_outcome *expected, struct conform_either *either)
{
	unsigned i;

	memset(either, 0, sizeof(*either));
	if (played->acc == 0 || played->last.outcome == VCPU_DONE)
		return;
	either->exchange = (played->acc & VK_ACC_R) && (played->acc & VK_ACC_W);
	for (i = 0; i < played->last.pieces; i++)
		collect_piece(vcpu, &played->last.piece[i], expected, either);
}

uint64_t
conform_either_bits(const struct conform_either *either, uint64_t pa)
{
	unsigned i;

	for (i = 0; i < either->slots; i++) {
		if (either->slot[i].pa == pa)
			return either->slot[i].bits;
	}
	return 0;
}

uint64_t
conform_either_qualification(const struct conform_either *either, const struct vcpu *vcpu,
    const struct conform_outcome *found)
{
	uint64_t qualification = found->value[CONFORM_QUAL];
	bool final = (qualification & EPT_QUAL_FINAL) != 0;

	if (found->out == CONFORM_MISCONFIG)
		return ~0ull;
	if (final ? either->exchange : !vcpu->ept.ad && (qualification & EPT_QUAL_W))
		return EPT_QUAL_R;
	return 0;
}
