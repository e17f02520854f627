/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What drops cached translations: the instructions, the control registers, the transitions.  Each
 * does exactly what it must; dropping more would be allowed, and would hide errors.
 */
#include "sim/vcpu.h"

#include "base/ptlevel.h"

static void
drop(struct vcpu *vcpu, const char *name, gva_t address, const struct tlb_scope *scope)
{
	struct event event = { .kind = EVENT_INVALIDATE, .name = name };

	if (vcpu->tlb != NULL)
		event.done = tlb_drop(vcpu->tlb, scope);
	if (vcpu->sink == NULL)
		return;
	event.thread = vcpu->thread;
	event.step = vcpu->step;
	event.address = address.v;
	vcpu->sink(vcpu->sink_ctx, &event);
}

static uint16_t
current_vpid(const struct vcpu *vcpu)
{
	return vcpu->vpid_on ? vcpu->vpid : 0;
}

static uint16_t
current_pcid(const struct vcpu *vcpu)
{
	return (vcpu->mode.cr4 & VK_CR4_PCIDE) ? (uint16_t)(vcpu->mode.cr3 & VK_CR3_PCID) : 0;
}

void
vcpu_invlpg(struct vcpu *vcpu, gva_t gva)
{
	struct tlb_scope scope = { .by_vpid = true, .by_pcid = true, .by_address = true,
		.global_any_pcid = true };

	if (!vk_gva_is_canonical(gva, (vcpu->mode.cr4 & VK_CR4_LA57) ? 57 : 48))
		return;
	scope.tag.vpid = current_vpid(vcpu);
	scope.tag.pcid = current_pcid(vcpu);
	scope.address = gva;
	drop(vcpu, "INVLPG", gva, &scope);
}

bool
vcpu_invpcid(struct vcpu *vcpu, unsigned type, uint64_t pcid, gva_t gva)
{
	struct tlb_scope scope = { .by_vpid = true };

	if (type > 3 || pcid > 0xfff ||
	    (type < 2 && pcid != 0 && !(vcpu->mode.cr4 & VK_CR4_PCIDE)) ||
	    (type == 0 && !vk_gva_is_canonical(gva, (vcpu->mode.cr4 & VK_CR4_LA57) ? 57 : 48)))
		return false;
	scope.tag.vpid = current_vpid(vcpu);
	scope.tag.pcid = (uint16_t)pcid;
	scope.address = gva;
	scope.by_pcid = type < 2;
	scope.by_address = type == 0;
	scope.keep_globals = type != 2;
	drop(vcpu, "INVPCID", gva, &scope);
	return true;
}

bool
vcpu_mov_cr3(struct vcpu *vcpu, uint64_t value)
{
	struct tlb_scope scope = { .by_vpid = true, .by_pcid = true, .keep_globals = true };
	bool pcide = (vcpu->mode.cr4 & VK_CR4_PCIDE) != 0;
	bool keep = pcide && (value & VK_BIT(63)) != 0;

	if (pcide)
		value &= ~VK_BIT(63);
	if (!guestpt_cr3_is_valid(value, vcpu->mode.maxphyaddr))
		return false;
	vcpu->mode.cr3 = value;
	if (keep)
		return true;
	scope.tag.vpid = current_vpid(vcpu);
	scope.tag.pcid = current_pcid(vcpu);
	drop(vcpu, "MOV to CR3", vk_gva(value), &scope);
	return true;
}

void
vcpu_mov_cr0(struct vcpu *vcpu, uint64_t value)
{
	struct tlb_scope scope = { .by_vpid = true };
	uint64_t cleared = vcpu->mode.cr0 & ~value;

	vcpu->mode.cr0 = value;
	scope.tag.vpid = current_vpid(vcpu);
	if (cleared & VK_CR0_PG)
		drop(vcpu, "MOV to CR0 clearing PG", vk_gva(value), &scope);
}

void
vcpu_mov_cr4(struct vcpu *vcpu, uint64_t value)
{
	struct tlb_scope scope = { .by_vpid = true };
	uint64_t changed = vcpu->mode.cr4 ^ value;
	uint64_t cleared = vcpu->mode.cr4 & ~value;

	scope.tag.vpid = current_vpid(vcpu);
	scope.tag.pcid = current_pcid(vcpu);
	vcpu->mode.cr4 = value;
	if ((changed & VK_CR4_PGE) || (cleared & VK_CR4_PCIDE)) {
		drop(vcpu, "MOV to CR4 changing PGE or clearing PCIDE", vk_gva(value), &scope);
	} else if (changed & value & VK_CR4_SMEP) {
		scope.by_pcid = scope.global_any_pcid = true;
		drop(vcpu, "MOV to CR4 setting SMEP", vk_gva(value), &scope);
	}
}

void
vcpu_transition(struct vcpu *vcpu)
{
	struct tlb_scope scope = { .by_vpid = true };

	if (!vcpu->vpid_on && vcpu->tlb != NULL)
		tlb_drop(vcpu->tlb, &scope);
}

bool
vcpu_invept(struct vcpu *vcpu, unsigned type, uint64_t eptp)
{
	struct tlb_scope scope = { .by_eptrta = true };

	if (type != 1 && type != 2)
		return false;
	if (type == 1 &&
	    ept_eptp_check(eptp, vcpu->ept.cap, vcpu->ept.maxphyaddr) != EPTP_VALID)
		return false;
	scope.by_eptrta = type == 1;
	scope.tag.eptrta = eptp >> VK_PAGE_SHIFT;
	drop(vcpu, type == 1 ? "INVEPT single" : "INVEPT all", vk_gva(eptp), &scope);
	return true;
}

bool
vcpu_invvpid(struct vcpu *vcpu, unsigned type, uint16_t vpid, gva_t gva)
{
	static const char *const names[] = { "INVVPID address", "INVVPID single", "INVVPID all",
		"INVVPID single keeping globals" };
	struct tlb_scope scope = { .by_vpid = true };

	if (type > 3 || (type != 2 && vpid == 0) ||
	    (type == 0 && !vk_gva_is_canonical(gva, (vcpu->mode.cr4 & VK_CR4_LA57) ? 57 : 48)))
		return false;
	scope.by_vpid = type != 2;
	scope.keep_vpid_0 = type == 2;
	scope.by_address = type == 0;
	scope.keep_globals = type == 3;
	scope.tag.vpid = vpid;
	scope.address = gva;
	drop(vcpu, names[type], gva, &scope);
	return true;
}
