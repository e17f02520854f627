/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PAT selection and the combination of EPT and PAT types.  MTRRs do not apply to guest-physical
 * addresses and are not modelled.
 */
#include "ept/memtype.h"

#define UC MEMTYPE_UC
#define WC MEMTYPE_WC
#define WT MEMTYPE_WT
#define WP MEMTYPE_WP
#define WB MEMTYPE_WB

/* Rows: EPT type code.  Columns: PAT type code.  Codes 2 and 3 do not occur. */
static const unsigned char memtype_table[7][8] = {
	/*            UC  WC  -   -   WT  WP  WB  UC-  */
	[MEMTYPE_UC] = { UC, WC, UC, UC, UC, UC, UC, UC },
	[MEMTYPE_WC] = { UC, WC, UC, UC, UC, UC, WC, WC },
	[MEMTYPE_WT] = { UC, WC, UC, UC, WT, WP, WT, UC },
	[MEMTYPE_WP] = { UC, WC, UC, UC, WT, WP, WP, WC },
	[MEMTYPE_WB] = { UC, WC, UC, UC, WT, WP, WB, UC },
};

enum memtype
memtype_from_pat(uint64_t pat, unsigned index)
{
	unsigned code = (unsigned)(pat >> (8 * (index & 7))) & 7;

	return (code == 2 || code == 3) ? MEMTYPE_UC : (enum memtype)code;
}

enum memtype
memtype_combine(enum memtype ept_type, enum memtype pat_type, int ipat, int cache_disabled)
{
	if (cache_disabled)
		return MEMTYPE_UC;
	if (ipat)
		return ept_type;
	return (enum memtype)memtype_table[ept_type][pat_type & 7];
}
