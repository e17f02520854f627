/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One translation through extended page tables, as the processor makes it.
 *
 * Modelled: 4 and 5 levels, 4 KiB, 2 MiB and 1 GiB pages, execute-only pages, accessed and dirty
 * flags, mode-based execute control, sub-page write permission, and every reserved bit of these.
 * Not modelled: supervisor shadow stacks (bit 60), paging-write and verify-guest-paging (bits 58
 * and 57): those bits are ignored, as on a processor without the features.
 */
#include "ept/ept.h"

enum eptp_why
ept_eptp_check(uint64_t eptp, uint64_t cap, unsigned maxphyaddr)
{
	uint64_t memtype = eptp & EPTP_MEMTYPE;
	uint64_t length = (eptp >> EPTP_WALK_SHIFT) & 7;

	if (!(memtype == 0 && (cap & EPT_CAP_UC)) && !(memtype == 6 && (cap & EPT_CAP_WB)))
		return EPTP_BAD_MEMTYPE;
	if (!(length == 3 && (cap & EPT_CAP_WALK4)) && !(length == 4 && (cap & EPT_CAP_WALK5)))
		return EPTP_BAD_WALK_LENGTH;
	if ((eptp & EPTP_AD) && !(cap & EPT_CAP_AD))
		return EPTP_BAD_AD;
	if ((eptp & EPTP_SSS) && !(cap & EPT_CAP_SSS))
		return EPTP_BAD_RESERVED;
	if (eptp & (VK_BITS(11, 8) | VK_BITS(63, 52) | vk_beyond_maxphyaddr(maxphyaddr)))
		return EPTP_BAD_RESERVED;
	return EPTP_VALID;
}

/* The bits that must be 0, for each kind of entry: the columns of [EPT-ENTRY]. */
static void
ept_fill_reserved(struct ept *ept)
{
	uint64_t beyond = vk_beyond_maxphyaddr(ept->maxphyaddr);
	unsigned level;

	/* Of tables.  At levels 2 and 3 an entry with bit 7 is none. */
	for (level = 2; level <= VK_LEVELS; level++)
		ept->reserved[level][0] = beyond | VK_BITS(7, 3);
	ept->reserved[3][1] = beyond | VK_BITS(29, 12);
	ept->reserved[2][1] = beyond | VK_BITS(20, 12);
	ept->reserved[1][1] = beyond;
	/* Without large pages of that size, bit 7 itself is reserved. */
	if (!(ept->cap & EPT_CAP_1G))
		ept->reserved[3][1] |= VK_BITS(7, 3);
	if (!(ept->cap & EPT_CAP_2M))
		ept->reserved[2][1] |= VK_BITS(7, 3);
}

enum eptp_why
ept_init(struct ept *ept, struct hpm mem, uint64_t eptp, uint64_t cap, uint32_t controls,
    unsigned maxphyaddr)
{
	enum eptp_why why = ept_eptp_check(eptp, cap, maxphyaddr);

	if (why != EPTP_VALID)
		return why;
	ept->mem = mem;
	ept->eptp = eptp;
	ept->cap = cap;
	ept->controls = controls;
	ept->maxphyaddr = maxphyaddr;
	ept->levels = (unsigned)((eptp >> EPTP_WALK_SHIFT) & 7) + 1;
	ept->ad = (eptp & EPTP_AD) != 0;
	ept->exec = EPT_X | ((controls & EPT_CTL_MBEC) ? EPT_XU : 0);
	ept->present = EPT_R | EPT_W | ept->exec;
	ept->spptp = vk_hpa(0);
	ept_fill_reserved(ept);
	return EPTP_VALID;
}

/* Memory types 2, 3 and 7 do not exist. */
static int
ept_memtype_is_valid(uint64_t entry)
{
	return ((0x73u >> ((entry & EPT_MEMTYPE) >> EPT_MEMTYPE_SHIFT)) & 1) != 0;
}

enum ept_why
ept_entry_check(const struct ept *ept, uint64_t entry, unsigned level, uint64_t *bits)
{
	int leaf = ept_is_leaf(level, entry);
	uint64_t reserved = entry & ept->reserved[level][leaf];

	if (!(entry & EPT_R) && (entry & EPT_W)) {
		*bits = EPT_W;
		return EPT_WHY_WRITE_WITHOUT_READ;
	}
	if (!(entry & EPT_R) && !(ept->cap & EPT_CAP_EXEC_ONLY)) {
		*bits = entry & ept->exec;
		return EPT_WHY_EXEC_ONLY;
	}
	if (reserved) {
		*bits = reserved;
		return EPT_WHY_RESERVED;
	}
	if (leaf && !ept_memtype_is_valid(entry)) {
		*bits = entry & EPT_MEMTYPE;
		return EPT_WHY_MEMTYPE;
	}
	*bits = 0;
	return EPT_WHY_NONE;
}

/* The rights that an access needs, in the places of the entry's own bits. */
static uint64_t
ept_needs(const struct ept *ept, unsigned acc)
{
	uint64_t need = acc & (VK_ACC_R | VK_ACC_W);

	if (acc & VK_ACC_X) {
		if ((ept->controls & EPT_CTL_MBEC) && (acc & VK_ACC_USER_ADDR))
			need |= EPT_XU;
		else
			need |= EPT_X;
	}
	/* A read-modify-write is judged as the write that it is; no entry has W without R. */
	return need;
}

static enum ept_status
ept_judge(const struct ept *ept, struct ept_walk *walk)
{
	uint64_t missing = ept_needs(ept, walk->acc) & ~walk->perm;

	if (missing == 0)
		return EPT_OK;
	/* Only plain data writes to a readable 4 KiB page are decided by sub-page. */
	if (missing == EPT_W && (ept->controls & EPT_CTL_SPP) && walk->level == 1 &&
	    (walk->step[1].entry & EPT_SPP) && !(walk->acc & VK_ACC_TABLE))
		return ept_spp_check(ept, walk->gpa, walk);
	walk->why = EPT_WHY_PERMISSION;
	walk->bits = missing;
	return EPT_VIOLATION;
}

enum ept_status
ept_walk(const struct ept *ept, gpa_t gpa, unsigned acc, struct ept_walk *walk)
{
	uint64_t table = ept->eptp & vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT);
	uint64_t entry = 0;
	unsigned level, shift;

	walk->gpa = gpa;
	walk->hpa = vk_hpa(0);
	walk->acc = acc;
	walk->level = 0;
	walk->perm = ept->present;
	if (ept->levels == 4 && (gpa.v & VK_BITS(51, 48))) {
		walk->why = EPT_WHY_GPA_WIDTH;
		walk->bits = gpa.v & VK_BITS(51, 48);
		return EPT_VIOLATION;
	}
	for (level = ept->levels;; level--) {
		hpa_t slot = vk_hpa(table + vk_level_index(gpa.v, level) * 8);

		entry = ept->mem.ops->load(ept->mem.ctx, slot);
		walk->level = level;
		walk->step[level].slot = slot;
		walk->step[level].entry = entry;
		if (!ept_is_present(ept, entry)) {
			walk->why = EPT_WHY_NOT_PRESENT;
			walk->bits = ept->present;
			return EPT_VIOLATION;
		}
		walk->why = ept_entry_check(ept, entry, level, &walk->bits);
		if (walk->why != EPT_WHY_NONE)
			return EPT_MISCONFIG;
		walk->perm &= entry;
		if (ept_is_leaf(level, entry))
			break;
		table = entry & vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT);
	}
	shift = vk_level_shift(level);
	walk->hpa = vk_hpa((entry & vk_frame_mask(ept->maxphyaddr, shift)) |
	    (gpa.v & (vk_level_size(level) - 1)));
	return ept_judge(ept, walk);
}

/* The flags that this walk wants set in its entry of `level`. */
static uint64_t
ept_flags_at(const struct ept_walk *walk, unsigned level)
{
	return EPT_A | ((level == walk->level && (walk->acc & VK_ACC_W)) ? EPT_D : 0);
}

uint64_t
ept_ad_owed(const struct ept *ept, const struct ept_walk *walk)
{
	uint64_t owed = 0;
	unsigned level;

	if (!ept->ad)
		return 0;
	for (level = ept->levels; level >= walk->level; level--)
		owed |= ept_flags_at(walk, level) & ~walk->step[level].entry;
	return owed;
}

enum cas_status
ept_commit_ad(const struct ept *ept, const struct ept_walk *walk)
{
	unsigned level;

	if (!ept->ad)
		return CAS_DONE;
	for (level = ept->levels; level >= walk->level; level--) {
		const struct ept_step *step = &walk->step[level];
		uint64_t wanted = step->entry | ept_flags_at(walk, level);
		enum cas_status status;

		if (wanted == step->entry)
			continue;
		status = ept->mem.ops->cas(ept->mem.ctx, step->slot, step->entry, wanted);
		if (status != CAS_DONE)
			return status;
	}
	return CAS_DONE;
}
