/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One translation through guest page tables in 64-bit mode, as the processor makes it.
 *
 * Modelled: 4 and 5 levels, 4 KiB, 2 MiB and 1 GiB pages, NX, WP, SMEP, SMAP, protection keys for
 * user and supervisor addresses, MAXPHYADDR from 32 to 52, and CR0.PG clear (every address is its
 * own translation).  Not modelled: 32-bit and PAE paging, shadow stacks, HLAT, LAM.
 */
#include "guestpt/guestpt.h"

/* Each lost race means that somebody else changed an entry; see guestpt_access(). */
#define GUESTPT_RETRIES 1024

/* Rights are accumulated with the XD bit turned over, so that one AND serves all [GUEST-RIGHTS]. */
#define GUESTPT_FLIP VK_PG_XD
#define GUESTPT_PERM (VK_PG_P | VK_PG_RW | VK_PG_US | VK_PG_XD)

static void
guestpt_fill_reserved(struct guestpt *pt)
{
	uint64_t common = vk_beyond_maxphyaddr(pt->mode.maxphyaddr);
	unsigned level;

	if (!(pt->mode.efer & VK_EFER_NXE))
		common |= VK_PG_XD;
	for (level = 2; level <= VK_LEVELS; level++)
		pt->reserved[level][0] = common | (level > 3 ? VK_PG_PS : 0);
	pt->reserved[3][1] = common | VK_BITS(29, 13) | (pt->mode.page1g ? 0 : VK_PG_PS);
	pt->reserved[2][1] = common | VK_BITS(20, 13);
	pt->reserved[1][1] = common;
}

void
guestpt_init(struct guestpt *pt, struct gpm mem, const struct guestpt_mode *mode)
{
	int la57 = (mode->cr4 & VK_CR4_LA57) != 0;

	pt->mem = mem;
	pt->mode = *mode;
	pt->levels = !(mode->cr0 & VK_CR0_PG) ? 0 : la57 ? 5 : 4;
	pt->width = la57 ? 57 : 48;
	guestpt_fill_reserved(pt);
}

/* Whether the protection key of the leaf denies a data access [GUEST-PKEY]. */
static int
guestpt_key_denies(const struct guestpt *pt, unsigned acc, uint64_t perm, uint64_t leaf)
{
	int user_address = (perm & VK_PG_US) != 0;
	uint64_t enable = user_address ? VK_CR4_PKE : VK_CR4_PKS;
	uint32_t rights = user_address ? pt->mode.pkru : pt->mode.pkrs;
	unsigned key = (unsigned)((leaf & VK_PG_PKEY) >> VK_PG_PKEY_SHIFT);

	if (!(pt->mode.cr4 & enable) || (acc & VK_ACC_X))
		return 0;
	if ((rights >> (2 * key)) & 1)
		return 1;
	return ((rights >> (2 * key)) & 2) != 0 && (acc & VK_ACC_W) != 0 &&
	    ((acc & VK_ACC_USER) != 0 || (pt->mode.cr0 & VK_CR0_WP) != 0);
}

unsigned
guestpt_denials(const struct guestpt *pt, unsigned acc, uint64_t perm, uint64_t leaf)
{
	const struct guestpt_mode *mode = &pt->mode;
	int user_access = (acc & VK_ACC_USER) != 0;
	int fetch = (acc & VK_ACC_X) != 0;
	int write = (acc & VK_ACC_W) != 0;
	int user_address = (perm & VK_PG_US) != 0;
	unsigned deny = 0;

	if (user_access && !user_address)
		deny |= GUESTPT_DENY_US;
	if (write && !(perm & VK_PG_RW) && (user_access || (mode->cr0 & VK_CR0_WP)))
		deny |= GUESTPT_DENY_RW;
	if (fetch && !(perm & VK_PG_XD) && (mode->efer & VK_EFER_NXE))
		deny |= GUESTPT_DENY_XD;
	if (fetch && !user_access && user_address && (mode->cr4 & VK_CR4_SMEP))
		deny |= GUESTPT_DENY_SMEP;
	if (!fetch && !user_access && user_address && (mode->cr4 & VK_CR4_SMAP) &&
	    (!mode->ac || (acc & VK_ACC_IMPLICIT)))
		deny |= GUESTPT_DENY_SMAP;
	if (guestpt_key_denies(pt, acc, perm, leaf))
		deny |= GUESTPT_DENY_PKEY;
	return deny;
}

/* The part of the error code that describes the access and not the entries [GUEST-PF-CODE]. */
static uint32_t
guestpt_code_of_access(const struct guestpt *pt, unsigned acc)
{
	uint32_t code = 0;

	if (acc & VK_ACC_W)
		code |= VK_PF_W;
	if (acc & VK_ACC_USER)
		code |= VK_PF_U;
	if ((acc & VK_ACC_X) &&
	    ((pt->mode.efer & VK_EFER_NXE) || (pt->mode.cr4 & VK_CR4_SMEP)))
		code |= VK_PF_ID;
	return code;
}

static enum guestpt_status
guestpt_fault(const struct guestpt *pt, struct guestpt_walk *walk, enum guestpt_why why,
    uint64_t bits, uint32_t code)
{
	walk->why = why;
	walk->bits = bits;
	walk->error_code = code | guestpt_code_of_access(pt, walk->acc);
	return GUESTPT_PF;
}

static enum guestpt_status
guestpt_judge(const struct guestpt *pt, struct guestpt_walk *walk)
{
	uint32_t code = VK_PF_P;

	walk->deny = guestpt_denials(pt, walk->acc, walk->perm, walk->step[walk->level].entry);
	if (walk->deny == 0)
		return GUESTPT_OK;
	if (walk->deny & GUESTPT_DENY_PKEY)
		code |= VK_PF_PK;
	return guestpt_fault(pt, walk, GUESTPT_WHY_RIGHTS, 0, code);
}

enum guestpt_status
guestpt_walk(const struct guestpt *pt, gva_t gva, unsigned acc, struct guestpt_walk *walk)
{
	uint64_t table = pt->mode.cr3 & vk_frame_mask(pt->mode.maxphyaddr, VK_PAGE_SHIFT);
	uint64_t entry = 0, reserved;
	unsigned level, shift;

	walk->gva = gva;
	walk->gpa = vk_gpa(gva.v);
	walk->acc = acc;
	walk->level = 0;
	walk->perm = GUESTPT_PERM;
	walk->bits = 0;
	walk->why = GUESTPT_WHY_NONE;
	walk->deny = 0;
	walk->error_code = 0;
	if (pt->levels == 0)
		return GUESTPT_OK;
	if (!vk_gva_is_canonical(gva, pt->width)) {
		walk->why = GUESTPT_WHY_NOT_CANONICAL;
		return GUESTPT_GP;
	}
	for (level = pt->levels;; level--) {
		gpa_t slot = vk_gpa(table + vk_level_index(gva.v, level) * 8);

		walk->level = level;
		walk->step[level].slot = slot;
		walk->step[level].entry = 0;
		if (!pt->mem.ops->load(pt->mem.ctx, slot, &entry))
			return GUESTPT_REFUSED;
		walk->step[level].entry = entry;
		if (!(entry & VK_PG_P))
			return guestpt_fault(pt, walk, GUESTPT_WHY_NOT_PRESENT, VK_PG_P, 0);
		reserved = entry & pt->reserved[level][guestpt_is_leaf(level, entry)];
		if (reserved)
			return guestpt_fault(pt, walk, GUESTPT_WHY_RESERVED, reserved,
			    VK_PF_P | VK_PF_RSVD);
		walk->perm &= entry ^ GUESTPT_FLIP;
		if (guestpt_is_leaf(level, entry))
			break;
		table = entry & vk_frame_mask(pt->mode.maxphyaddr, VK_PAGE_SHIFT);
	}
	shift = vk_level_shift(level);
	walk->gpa = vk_gpa((entry & vk_frame_mask(pt->mode.maxphyaddr, shift)) |
	    (gva.v & (vk_level_size(level) - 1)));
	return guestpt_judge(pt, walk);
}

enum cas_status
guestpt_commit_ad(const struct guestpt *pt, const struct guestpt_walk *walk)
{
	unsigned level;

	if (pt->levels == 0)
		return CAS_DONE;
	for (level = pt->levels; level >= walk->level; level--) {
		const struct guestpt_step *step = &walk->step[level];
		uint64_t wanted = step->entry | VK_PG_A;
		enum cas_status status;

		if (level == walk->level && (walk->acc & VK_ACC_W))
			wanted |= VK_PG_D;
		if (wanted == step->entry)
			continue;
		status = pt->mem.ops->cas(pt->mem.ctx, step->slot, step->entry, wanted);
		if (status != CAS_DONE)
			return status;
	}
	return CAS_DONE;
}

enum guestpt_status
guestpt_access(const struct guestpt *pt, gva_t gva, unsigned acc, struct guestpt_walk *walk)
{
	unsigned tries;

	for (tries = 0; tries < GUESTPT_RETRIES; tries++) {
		enum guestpt_status status = guestpt_walk(pt, gva, acc, walk);

		if (status != GUESTPT_OK)
			return status;
		switch (guestpt_commit_ad(pt, walk)) {
		case CAS_DONE:
			return GUESTPT_OK;
		case CAS_REFUSED:
			return GUESTPT_REFUSED;
		case CAS_LOST:
			break;
		}
	}
	return GUESTPT_UNSTABLE;
}

unsigned
guestpt_pat_index(const struct guestpt_walk *walk)
{
	uint64_t entry = walk->step[walk->level].entry;
	uint64_t pat = walk->level == 1 ? VK_PG_PAT : VK_PG_PAT_LARGE;

	return ((entry & pat) ? 4u : 0u) | ((entry & VK_PG_PCD) ? 2u : 0u) |
	    ((entry & VK_PG_PWT) ? 1u : 0u);
}

int
guestpt_cr3_is_valid(uint64_t cr3, unsigned maxphyaddr)
{
	return (cr3 & ~(vk_frame_mask(maxphyaddr, VK_PAGE_SHIFT) | VK_CR3_PCID)) == 0;
}
