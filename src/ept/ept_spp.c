/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sub-page write permission: which 128 bytes of a read-only 4 KiB page may be written.
 *
 * The tables have four levels, indexed like an EPT.  An entry of levels 4 to 2 has a valid bit and
 * a frame; an entry of level 1 is a vector, whose even bit 2i allows writes to sub-page i and whose
 * odd bits are reserved.  The tables have no rights and no accessed flags of their own.
 */
#include "ept/ept.h"

#define SPP_VALID 0x1ull
#define SPP_VECTOR_RESERVED 0xaaaaaaaaaaaaaaaaull
#define SPP_SUBPAGE_SHIFT 7

static enum ept_status
spp_event(struct ept_walk *walk, enum ept_why why, uint64_t bits)
{
	walk->why = why;
	walk->bits = bits;
	return EPT_SPP_EVENT;
}

enum ept_status
ept_spp_check(const struct ept *ept, gpa_t gpa, struct ept_walk *walk)
{
	uint64_t frame = vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT);
	uint64_t table = ept->spptp.v & frame;
	uint64_t vector, right;
	unsigned level;

	for (level = 4; level > 1; level--) {
		uint64_t entry = ept->mem.ops->load(ept->mem.ctx,
		    vk_hpa(table + vk_level_index(gpa.v, level) * 8));

		if (!(entry & SPP_VALID))
			return spp_event(walk, EPT_WHY_SPP_MISS, SPP_VALID);
		if (entry & ~(SPP_VALID | frame))
			return spp_event(walk, EPT_WHY_SPP_MISCONFIG,
			    entry & ~(SPP_VALID | frame));
		table = entry & frame;
	}
	vector = ept->mem.ops->load(ept->mem.ctx, vk_hpa(table + vk_level_index(gpa.v, 1) * 8));
	if (vector & SPP_VECTOR_RESERVED)
		return spp_event(walk, EPT_WHY_SPP_MISCONFIG, vector & SPP_VECTOR_RESERVED);
	right = VK_BIT(2 * ((gpa.v & VK_PAGE_OFFSET_MASK) >> SPP_SUBPAGE_SHIFT));
	if (!(vector & right)) {
		walk->why = EPT_WHY_SUBPAGE;
		walk->bits = EPT_W;
		return EPT_VIOLATION;
	}
	return EPT_OK;
}
