/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole translations of linear addresses: taken from the cache, put into it, and dropped when an
 * access fails.
 */
#include "sim/vcpu_access.h"

struct tlb_tag
vcpu_tag(const struct vcpu *vcpu)
{
	struct tlb_tag tag = { 0, 0, 0 };

	if (vcpu->vpid_on)
		tag.vpid = vcpu->vpid;
	if (vcpu->mode.cr4 & VK_CR4_PCIDE)
		tag.pcid = (uint16_t)(vcpu->mode.cr3 & VK_CR3_PCID);
	if (vcpu->ept_on)
		tag.eptrta = vcpu->ept.eptp >> VK_PAGE_SHIFT;
	return tag;
}

static enum tlb_kind
translation_kind(const struct vcpu *vcpu)
{
	return vcpu->ept_on ? TLB_COMBINED : TLB_LINEAR;
}

/* Whether a cached translation serves this access; rights are judged by today's registers. */
static bool
entry_allows(const struct access_state *state, const struct tlb_entry *entry)
{
	const struct vcpu *vcpu = state->vcpu;
	unsigned acc = state->acc;
	uint64_t need = acc & (VK_ACC_R | VK_ACC_W);
	struct guestpt pt;

	if ((acc & VK_ACC_W) && !entry->writable)
		return false;
	guestpt_init(&pt, (struct gpm){ NULL, NULL }, &vcpu->mode);
	if (guestpt_denials(&pt, acc, entry->guest_perm, entry->guest_leaf) != 0)
		return false;
	if (!vcpu->ept_on)
		return true;
	if (acc & VK_ACC_X)
		need |= (vcpu->ept.controls & EPT_CTL_MBEC) && (entry->guest_perm & VK_PG_US) ?
		    EPT_XU : EPT_X;
	return (need & ~entry->ept_perm) == 0;
}

/* Whether the tables, as they are, send the piece elsewhere or nowhere. */
static bool
is_stale(const struct access_state *state, const struct vcpu_piece *piece)
{
	struct vcpu_request request = *state->request;
	struct vcpu_result now;
	bool stale;

	request.gva = piece->gva;
	request.size = piece->size;
	if (!state->vcpu->judged)
		watch_quiet(true); /* the processor does not look */
	stale = vcpu_explain(state->vcpu, &request, &now) != VCPU_DONE ||
	    now.piece[0].hpa.v != piece->hpa.v;
	if (!state->vcpu->judged)
		watch_quiet(false);
	return stale;
}

void
judge_piece(const struct access_state *state, struct vcpu_piece *piece,
    const struct tlb_stretch *made_of)
{
	piece->stale = is_stale(state, piece);
	piece->revoked = piece->revoked && piece->stale;
	if (piece->stale)
		stale_of_stretch(state->vcpu, piece->gva, made_of, &piece->history);
}

static bool
take_piece(struct access_state *state, struct vcpu_piece *piece)
{
	struct vcpu *vcpu = state->vcpu;
	enum tlb_kind kind = translation_kind(vcpu);
	struct tlb_tag tag = vcpu_tag(vcpu);
	uint64_t offset = piece->gva.v & VK_PAGE_OFFSET_MASK;
	const struct tlb_entry *entry;
	bool hit;

	entry = tlb_find(vcpu->tlb, kind, &tag, piece->gva.v, (state->acc & VK_ACC_X) != 0);
	hit = entry != NULL && entry_allows(state, entry);
	tlb_count_use(vcpu->tlb, kind, hit);
	if (!hit)
		return false;
	piece->cached = true;
	piece->gpa = vk_gpa(entry->gpa_frame.v | offset);
	piece->hpa = vk_hpa(entry->frame.v | offset);
	piece->guest.level = 0;
	piece->revoked = entry->revoked;
	judge_piece(state, piece, &entry->made_of);
	return true;
}

bool
piece_from_cache(struct access_state *state, struct vcpu_piece *piece)
{
	const struct vcpu *vcpu = state->vcpu;
	bool taken;

	if (vcpu->tlb == NULL || state->look_only || vcpu_levels(vcpu) == 0 ||
	    tlb_adversary(vcpu->tlb) != NULL)
		return false;
	/* What is taken is judged by the tables as they are at that moment. */
	if (vcpu->judged)
		watch_whole(true);
	taken = take_piece(state, piece);
	if (vcpu->judged)
		watch_whole(false);
	return taken;
}

void
cache_piece(struct access_state *state, const struct vcpu_piece *piece)
{
	struct vcpu *vcpu = state->vcpu;
	const struct guestpt_walk *guest = &piece->guest;
	struct tlb_entry entry = { .kind = translation_kind(vcpu), .shift = VK_PAGE_SHIFT };

	if (guest->level == 0)
		return;
	entry.tag = vcpu_tag(vcpu);
	entry.address = piece->gva.v & ~VK_PAGE_OFFSET_MASK;
	entry.frame = vk_hpa(piece->hpa.v & ~VK_PAGE_OFFSET_MASK);
	entry.gpa_frame = vk_gpa(piece->gpa.v & ~VK_PAGE_OFFSET_MASK);
	entry.guest_perm = guest->perm;
	entry.guest_leaf = guest->step[guest->level].entry;
	entry.ept_perm = piece->final_walked ? piece->final.perm : EPT_RWX;
	entry.guest_shift = vk_level_shift(guest->level);
	entry.fetch = (state->acc & VK_ACC_X) != 0;
	entry.global = (vcpu->mode.cr4 & VK_CR4_PGE) && (entry.guest_leaf & VK_PG_G);
	entry.writable = (state->acc & VK_ACC_W) != 0;
	entry.revoked = cached_walk_is_revoked(state->caches);
	entry.made_of.record = state->caches->record;
	if (entry.made_of.record != NULL)
		entry.made_of.count = entry.made_of.record->count;
	tlb_fill(vcpu->tlb, &entry);
}

void
drop_after_failure(struct access_state *state, const struct vcpu_piece *piece)
{
	const struct vcpu_result *result = state->result;

	if (result->outcome == VCPU_PF)
		drop_at_fault(state, piece);
	else if (result->exit.reason == EPT_EXIT_VIOLATION)
		drop_at_violation(state, piece, result->exit.gpa, piece->final_walked);
}
