/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What drops cached items: the instructions, the control registers, faults, exits, transitions
 * [TLB-INVALIDATE].  Each does exactly what it must; dropping more would be allowed, and would hide
 * errors.
 */
#include "base/ptlevel.h"
#include "sim/vcpu_access.h"

/* What instructions other than INVEPT act on: never guest-physical mappings. */
#define OF_LINEAR_ADDRESSES (TLB_ALL_LINEAR | TLB_ALL_COMBINED)

static void
drop(struct vcpu *vcpu, const char *name, uint64_t address, const struct tlb_scope *scope)
{
	struct event event = { .kind = EVENT_INVALIDATE, .name = name };

	if (vcpu->tlb != NULL)
		event.done = tlb_drop(vcpu->tlb, scope);
	if (vcpu->sink == NULL)
		return;
	event.thread = vcpu->thread;
	event.step = vcpu->step;
	event.address = address;
	vcpu->sink(vcpu->sink_ctx, &event);
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
vcpu_invvpid(struct vcpu *vcpu, unsigned type, uint16_t vpid, gva_t gva)
{
	static const char *const names[] = { "INVVPID address", "INVVPID single", "INVVPID all",
		"INVVPID single keeping globals" };
	struct tlb_scope scope = { .kinds = OF_LINEAR_ADDRESSES };

	if (type > 3 || (type != 2 && vpid == 0) || (type == 0 && !vcpu_is_canonical(vcpu, gva)))
		return false;
	scope.by_vpid = type != 2;
	scope.keep_vpid_0 = type == 2;
	scope.by_address = type == 0;
	scope.keep_globals = type == 3;
	scope.tag.vpid = vpid;
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
	if (keep)
		return true;
	scope = scope_of_vpid(vcpu); /* of the new PCID */
	scope.by_pcid = scope.keep_globals = true;
	drop(vcpu, "MOV to CR3", value, &scope);
	return true;
}

void
vcpu_mov_cr0(struct vcpu *vcpu, uint64_t value)
{
	struct tlb_scope scope = scope_of_vpid(vcpu);
	uint64_t cleared = vcpu->mode.cr0 & ~value;

	vcpu->mode.cr0 = value;
	if (cleared & VK_CR0_PG)
		drop(vcpu, "MOV to CR0 clearing PG", value, &scope);
}

void
vcpu_mov_cr4(struct vcpu *vcpu, uint64_t value)
{
	uint64_t changed = vcpu->mode.cr4 ^ value;
	uint64_t cleared = vcpu->mode.cr4 & ~value;
	struct tlb_scope scope;

	vcpu->mode.cr4 = value;
	scope = scope_of_vpid(vcpu);
	if ((changed & VK_CR4_PGE) || (cleared & VK_CR4_PCIDE)) {
		drop(vcpu, "MOV to CR4 changing PGE or clearing PCIDE", value, &scope);
	} else if (changed & value & VK_CR4_SMEP) {
		scope.by_pcid = scope.global_any_pcid = true;
		drop(vcpu, "MOV to CR4 setting SMEP", value, &scope);
	}
}

/* --- events ------------------------------------------------------------------------------- */

void
vcpu_transition(struct vcpu *vcpu)
{
	struct tlb_scope scope = { .kinds = OF_LINEAR_ADDRESSES, .by_vpid = true };

	if (!vcpu->vpid_on && vcpu->tlb != NULL)
		tlb_drop(vcpu->tlb, &scope);
}

void
vcpu_fault_drops(struct vcpu *vcpu, gva_t gva)
{
	struct tlb_scope scope = scope_of_vpid(vcpu);

	/* A global translation of another PCID may have been what caused it. */
	scope.by_pcid = scope.global_any_pcid = true;
	scope.by_address = true;
	scope.address = gva.v;
	tlb_drop(vcpu->tlb, &scope);
}

void
vcpu_violation_drops(struct vcpu *vcpu, gpa_t gpa, gva_t gva, bool final)
{
	struct tlb_scope scope = { .kinds = TLB_ALL_GUEST_PHYSICAL, .by_eptrta = true,
		.by_address = true };

	scope.tag = vcpu_tag(vcpu);
	scope.address = gpa.v;
	tlb_drop(vcpu->tlb, &scope);
	if (!final)
		return;
	scope.kinds = TLB_ALL_COMBINED;
	scope.by_vpid = scope.by_pcid = true;
	scope.address = gva.v;
	tlb_drop(vcpu->tlb, &scope);
}
