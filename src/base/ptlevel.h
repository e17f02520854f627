/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The geometry that guest tables and EPT share: 512 entries of eight bytes a table, nine index bits
 * a level [GUEST-INDEX].  Levels are numbered as the manual draws them: 1 is the page table, 4 the
 * PML4, 5 the PML5.
 */
#ifndef VK_BASE_PTLEVEL_H
#define VK_BASE_PTLEVEL_H

#include "base/env.h"

#define VK_LEVELS 5
#define VK_PAGE_SHIFT 12
#define VK_PAGE_BYTES 4096u
#define VK_PAGE_OFFSET_MASK 0xfffull
#define VK_TABLE_ENTRIES 512u

/* Bits high..low inclusive, 0 <= low <= high <= 63. */
#define VK_BITS(high, low) ((~0ull >> (63 - (high))) & (~0ull << (low)))
#define VK_BIT(n) (1ull << (n))

/* Log2 of the bytes that one entry of this level spans. */
static inline unsigned
vk_level_shift(unsigned level)
{
	return VK_PAGE_SHIFT + 9 * (level - 1);
}

/* Bytes that one entry of this level spans. */
static inline uint64_t
vk_level_size(unsigned level)
{
	return 1ull << vk_level_shift(level);
}

/* 0..511, whatever the address. */
static inline unsigned
vk_level_index(uint64_t addr, unsigned level)
{
	return (unsigned)(addr >> vk_level_shift(level)) & (VK_TABLE_ENTRIES - 1);
}

/* Address bits maxphyaddr-1..shift: the frame that an entry of that page size may hold. */
static inline uint64_t
vk_frame_mask(unsigned maxphyaddr, unsigned shift)
{
	return VK_BITS(maxphyaddr - 1, shift);
}

/* Entry bits 51..maxphyaddr, which no entry may have set; none with 52 bits. */
static inline uint64_t
vk_beyond_maxphyaddr(unsigned maxphyaddr)
{
	return VK_BITS(51, 12) & ~vk_frame_mask(maxphyaddr, VK_PAGE_SHIFT);
}

#endif
