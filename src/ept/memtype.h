/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory types of nested paging: which one an access ends up with.
 */
#ifndef VK_EPT_MEMTYPE_H
#define VK_EPT_MEMTYPE_H

#include "base/env.h"

/* Memory types by their codes in PAT entries and EPT leaves [MEMTYPE-EFFECTIVE]. */
enum memtype {
	MEMTYPE_UC = 0,
	MEMTYPE_WC = 1,
	MEMTYPE_WT = 4,
	MEMTYPE_WP = 5,
	MEMTYPE_WB = 6,
	MEMTYPE_UC_MINUS = 7 /* PAT only */
};

#define PAT_RESET 0x0007040600070406ull /* IA32_PAT after reset */

/*
 * The type of PAT entry `index` (0..7) of an IA32_PAT value.  A reserved code (2 or 3), which WRMSR
 * refuses, counts as UC. [MEMTYPE-PAT]
 */
enum memtype memtype_from_pat(uint64_t pat, unsigned index);

/*
 * Combines the type of an EPT leaf with that of the guest's PAT: the table of [MEMTYPE-EFFECTIVE].
 * With ipat the EPT's stands alone; with cache_disabled (CR0.CD) everything is UC.  ept_type is one
 * of the five codes an EPT leaf may hold.
 */
enum memtype memtype_combine(enum memtype ept_type, enum memtype pat_type, int ipat,
    int cache_disabled);

#endif
