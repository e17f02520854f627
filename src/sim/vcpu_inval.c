/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What drops cached items: the instructions, the control registers, faults, exits, transitions
 * [TLB-INVALIDATE].  Each does exactly what it must; dropping more would be allowed, and would hide
 * errors.
 */
#include "base/ptlevel.h"
#include "sim/vcpu_choose.h"

/* What instructions other than INVEPT act on: never guest-physical mappings. */
#define OF_LINEAR_ADDRESSES (TLB_ALL_LINEAR | TLB_ALL_COMBINED)

static struct adversary *
adversary_of(const struct vcpu *vcpu)
{
	return vcpu->tlb != NULL ? tlb_adversary(vcpu->tlb) : NULL;
}

/* Which walks there are for an address now, by the current tables. */
static void
find_path(struct vcpu *vcpu, gva_t gva, hpa_t *slot, struct adversary_path *path)
{
	struct vcpu_request request = { .gva = gva, .size = 1, .acc = VK_ACC_R };
	struct vcpu_result result = { .outcome = VCPU_DONE };
	struct access_state state = { .vcpu = vcpu, .request = &request, .result = &result,
		.acc = VK_ACC_R };
	struct vcpu_piece *piece = &result.piece[0];
	struct chosen_walk walk;
	struct guestpt pt;

	piece->gva = gva;
	vcpu_init_tables(&state, &pt);
	chosen_walk_init(&walk, &state, piece, &pt);
	chosen_walk_find(&walk);
	chosen_walk_path(&walk, TABLE_GUEST, gva.v, slot, path);
	chosen_walk_end(&walk);
}

static void
drop_from_adversary(struct vcpu *vcpu, struct tlb_scope scope)
{
	hpa_t slot[CHOICE_SLOTS_MAX];
	struct adversary_path path = { .address = scope.address, .shift = VK_PAGE_SHIFT };

	watch_whole(true);
	tlb_touch(vcpu->tlb, WATCH_READ | WATCH_WRITE);
	if (scope.by_address && scope.tag.vpid == vcpu_tag(vcpu).vpid)
		find_path(vcpu, vk_gva(scope.address), slot, &path);
	if (scope.by_vpid && scope.tag.vpid == vcpu_tag(vcpu).vpid &&
	    !(vcpu->mode.cr4 & VK_CR4_PGE))
		scope.keep_globals = false; /* there are none */
	adversary_drop(adversary_of(vcpu), &scope, &path);
	watch_whole(false);
}

static void
drop(struct vcpu *vcpu, const char *name, uint64_t address, const struct tlb_scope *scope)
{
	struct event event = { .kind = EVENT_INVALIDATE, .name = name };

	if (adversary_of(vcpu) != NULL)
		drop_from_adversary(vcpu, *scope);
	else if (vcpu->tlb != NULL)
		event.done = tlb_drop(vcpu->tlb, scope);
	if (vcpu->sink == NULL)
		return;
	event.thread = vcpu->thread;
	event.step = vcpu->step;
	event.address = address;
	vcpu->sink(vcpu->sink_ctx, &event);
}

/* The processor is in guest mode under the registers as they are. */
static void
show_guest(struct vcpu *vcpu)
{
	struct adversary_guest guest = { .tag = vcpu_tag(vcpu), .ept = vcpu->ept_on };

	if (adversary_of(vcpu) == NULL)
		return;
	guest.root = vcpu->mode.cr3 & vk_frame_mask(vcpu->mode.maxphyaddr, VK_PAGE_SHIFT);
	guest.ept_flags = vcpu->ept_on && vcpu->ept.ad;
	watch_whole(true);
	tlb_touch(vcpu->tlb, WATCH_READ | WATCH_WRITE);
	adversary_enter(adversary_of(vcpu), &guest);
	watch_whole(false);
}

/* The linear and combined items of the current VPID; the caller narrows it. */
static struct tlb_scope
scope_of_vpid(const struct vcpu *vcpu)
{
	struct tlb_scope scope = { .kinds = OF_LINEAR_ADDRESSES, .by_vpid = true };

	scope.tag = vcpu_tag(vcpu);
	return scope;
}

/* --- instructions ------------------------------------------------------------------------- */

void
vcpu_invlpg(struct vcpu *vcpu, gva_t gva)
{
	struct tlb_scope scope = scope_of_vpid(vcpu);

	if (!vcpu_is_canonical(vcpu, gva))
		return;
	scope.by_pcid = scope.global_any_pcid = true;
	scope.by_address = scope.all_structures = true;
	scope.address = gva.v;
	drop(vcpu, "INVLPG", gva.v, &scope);
}

bool
vcpu_invpcid(struct vcpu *vcpu, unsigned type, uint64_t pcid, gva_t gva)
{
	struct tlb_scope scope = scope_of_vpid(vcpu);

	if (type > 3 || pcid > 0xfff ||
	    (type < 2 && pcid != 0 && !(vcpu->mode.cr4 & VK_CR4_PCIDE)) ||
	    (type == 0 && !vcpu_is_canonical(vcpu, gva)))
		return false;
	scope.tag.pcid = (uint16_t)pcid;
	scope.address = gva.v;
	scope.by_pcid = type < 2;
	scope.by_address = type == 0;
	scope.keep_globals = type != 2;
	drop(vcpu, "INVPCID", gva.v, &scope);
	return true;
}

bool
vcpu_invept(struct vcpu *vcpu, unsigned type, uint64_t eptp)
{
	struct tlb_scope scope = { .kinds = TLB_ALL_GUEST_PHYSICAL | TLB_ALL_COMBINED };

	if (type != 1 && type != 2)
		return false;
	if (type == 1 &&
	    ept_eptp_check(eptp, vcpu->ept.cap, vcpu->ept.maxphyaddr) != EPTP_VALID)
		return false;
	scope.by_eptrta = type == 1;
	scope.tag.eptrta = eptp >> VK_PAGE_SHIFT;
	drop(vcpu, type == 1 ? "INVEPT single" : "INVEPT all", eptp, &scope);
	return true;
}

bool
vcpu_invvpid(struct vcpu *vcpu, unsigned type, uint64_t vpid, gva_t gva)
{
	static const char *const names[] = { "INVVPID address", "INVVPID single", "INVVPID all",
		"INVVPID single keeping globals" };
	struct tlb_scope scope = { .kinds = OF_LINEAR_ADDRESSES };

	if (type > 3 || vpid > 0xffff || (type != 2 && vpid == 0) ||
	    (type == 0 && !vcpu_is_canonical(vcpu, gva)))
		return false;
	scope.by_vpid = type != 2;
	scope.keep_vpid_0 = type == 2;
	scope.by_address = type == 0;
	scope.keep_globals = type == 3;
	scope.tag.vpid = (uint16_t)vpid;
	scope.address = gva.v;
	drop(vcpu, names[type], gva.v, &scope);
	return true;
}

/* --- control registers -------------------------------------------------------------------- */

bool
vcpu_mov_cr3(struct vcpu *vcpu, uint64_t value)
{
	struct tlb_scope scope;
	bool pcide = (vcpu->mode.cr4 & VK_CR4_PCIDE) != 0;
	bool keep = pcide && (value & VK_BIT(63)) != 0;

	if (pcide)
		value &= ~VK_BIT(63);
	if (!guestpt_cr3_is_valid(value, vcpu->mode.maxphyaddr))
		return false;
	vcpu->mode.cr3 = value;
	show_guest(vcpu);
	if (keep)
		return true;
	scope = scope_of_vpid(vcpu); /* of the new PCID */
	scope.by_pcid = scope.keep_globals = true;
	drop(vcpu, "MOV to CR3", value, &scope);
	return true;
}

bool
vcpu_mov_cr0(struct vcpu *vcpu, uint64_t value)
{
	struct tlb_scope scope = scope_of_vpid(vcpu);
	uint64_t cleared = vcpu->mode.cr0 & ~value;

	if ((cleared & VK_CR0_PG) && (vcpu->mode.cr4 & VK_CR4_PCIDE))
		return false;
	vcpu->mode.cr0 = value;
	show_guest(vcpu);
	if (cleared & VK_CR0_PG)
		drop(vcpu, "MOV to CR0 clearing PG", value, &scope);
	return true;
}

bool
vcpu_mov_cr4(struct vcpu *vcpu, uint64_t value)
{
	bool paging = (vcpu->mode.cr0 & VK_CR0_PG) != 0;
	uint64_t changed = vcpu->mode.cr4 ^ value;
	uint64_t cleared = vcpu->mode.cr4 & ~value;
	struct tlb_scope scope;

	if ((changed & VK_CR4_LA57) && paging)
		return false;
	if ((changed & value & VK_CR4_PCIDE) && (!paging || (vcpu->mode.cr3 & VK_CR3_PCID)))
		return false;
	vcpu->mode.cr4 = value;
	show_guest(vcpu);
	scope = scope_of_vpid(vcpu);
	if ((changed & VK_CR4_PGE) || (cleared & VK_CR4_PCIDE)) {
		drop(vcpu, "MOV to CR4 changing PGE or clearing PCIDE", value, &scope);
	} else if (changed & value & VK_CR4_SMEP) {
		scope.by_pcid = scope.global_any_pcid = true;
		drop(vcpu, "MOV to CR4 setting SMEP", value, &scope);
	}
	return true;
}

/* --- events ------------------------------------------------------------------------------- */

static void
drop_without_vpid(struct vcpu *vcpu)
{
	struct tlb_scope scope = { .kinds = OF_LINEAR_ADDRESSES, .by_vpid = true };

	if (vcpu->vpid_on || vcpu->tlb == NULL)
		return;
	if (adversary_of(vcpu) != NULL)
		drop_from_adversary(vcpu, scope);
	else
		tlb_drop(vcpu->tlb, &scope);
}

void
vcpu_enter(struct vcpu *vcpu)
{
	drop_without_vpid(vcpu);
	show_guest(vcpu);
}

void
vcpu_exit(struct vcpu *vcpu)
{
	struct adversary *adversary = adversary_of(vcpu);

	vcpu_stores_fence(vcpu->stores);
	if (adversary != NULL) {
		tlb_touch(vcpu->tlb, WATCH_READ | WATCH_WRITE);
		adversary_leave(adversary);
	}
	drop_without_vpid(vcpu);
}

/* What is cached of one address, of the kinds and tags that the scope has. */
static void
drop_address(struct access_state *state, unsigned kind, const struct tlb_scope *scope)
{
	struct vcpu *vcpu = state->vcpu;
	hpa_t slot[CHOICE_SLOTS_MAX];
	struct adversary_path path;

	if (adversary_of(vcpu) == NULL) {
		tlb_drop(vcpu->tlb, scope);
		return;
	}
	tlb_touch(vcpu->tlb, WATCH_READ | WATCH_WRITE);
	chosen_walk_path(state->choices, kind, scope->address, slot, &path);
	adversary_drop(adversary_of(vcpu), scope, &path);
}

void
drop_at_fault(struct access_state *state, const struct vcpu_piece *piece)
{
	struct tlb_scope scope = scope_of_vpid(state->vcpu);

	/* A global translation of another PCID may have been what caused it. */
	scope.by_pcid = scope.global_any_pcid = true;
	scope.by_address = true;
	scope.address = piece->gva.v;
	drop_address(state, TABLE_GUEST, &scope);
}

void
drop_at_violation(struct access_state *state, const struct vcpu_piece *piece, gpa_t gpa,
    bool final)
{
	struct tlb_scope scope = { .kinds = TLB_ALL_GUEST_PHYSICAL, .by_eptrta = true,
		.by_address = true };

	scope.tag = vcpu_tag(state->vcpu);
	scope.address = gpa.v;
	drop_address(state, TABLE_EPT, &scope);
	if (!final)
		return;
	scope.kinds = TLB_ALL_COMBINED;
	scope.by_vpid = scope.by_pcid = true;
	scope.address = piece->gva.v;
	drop_address(state, TABLE_GUEST, &scope);
}
