/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vkernel's page-table entries, before and after they became the processor's.
 *
 * Up to 2013 a vkernel's tables were read by the host kernel alone, and VPTE_* bits were its own.
 * Then they had to be what the processor reads: each VPTE_* bit moved to the place of its PG_* bit.
 */
#ifndef VK_GUESTPT_VPTE_H
#define VK_GUESTPT_VPTE_H

#include "guestpt/guestpt.h"

/* The layout from the merge on [DF-VPTE]. */
#define VK_VPTE_V 0x001ull
#define VK_VPTE_RW 0x002ull
#define VK_VPTE_U 0x004ull
#define VK_VPTE_A 0x020ull
#define VK_VPTE_M 0x040ull
#define VK_VPTE_PS 0x080ull
#define VK_VPTE_G 0x100ull
#define VK_VPTE_WIRED 0x200ull
#define VK_VPTE_MANAGED 0x400ull
#define VK_VPTE_NX 0x800ull /* software only: the processor ignores bit 11 */

/* The layout before it [DF-VPTE-OLD]. */
#define VK_VPTE_OLD_V 0x001ull
#define VK_VPTE_OLD_PS 0x002ull
#define VK_VPTE_OLD_R 0x004ull
#define VK_VPTE_OLD_W 0x008ull
#define VK_VPTE_OLD_X 0x010ull
#define VK_VPTE_OLD_A 0x020ull
#define VK_VPTE_OLD_M 0x040ull
#define VK_VPTE_OLD_U 0x080ull
#define VK_VPTE_OLD_MANAGED 0x100ull
#define VK_VPTE_OLD_G 0x200ull
#define VK_VPTE_OLD_WIRED 0x400ull

#define VK_VPTE_FRAME 0x000ffffffffff000ull

/*
 * Rewrites an entry of the old layout in the new one: the change of 2013, bit by bit.  Frame bits
 * are kept.  Read has no counterpart (a valid entry is readable); a valid entry without execute
 * becomes NX. [DF-VPTE]
 */
uint64_t vpte_from_old(uint64_t old_entry);

/* The inverse of vpte_from_old() on what the old layout can say. */
uint64_t vpte_to_old(uint64_t entry);

#endif
