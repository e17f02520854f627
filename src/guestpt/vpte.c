/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversion between the two layouts of the vkernel's page-table entries, by table, and the promise
 * on which the whole scheme rests: that the new bits are the processor's bits.
 */
#include "guestpt/vpte.h"

/* A negative array size stops the build where a VPTE bit is not the hardware's. */
#define VPTE_IS_HARDWARE(vpte, hw) typedef char vpte_agrees_##hw[(vpte) == (hw) ? 1 : -1]
VPTE_IS_HARDWARE(VK_VPTE_V, VK_PG_P);
VPTE_IS_HARDWARE(VK_VPTE_RW, VK_PG_RW);
VPTE_IS_HARDWARE(VK_VPTE_U, VK_PG_US);
VPTE_IS_HARDWARE(VK_VPTE_A, VK_PG_A);
VPTE_IS_HARDWARE(VK_VPTE_M, VK_PG_D);
VPTE_IS_HARDWARE(VK_VPTE_PS, VK_PG_PS);
VPTE_IS_HARDWARE(VK_VPTE_G, VK_PG_G);

struct vpte_move {
	uint64_t old_bit;
	uint64_t new_bit;
};

static const struct vpte_move vpte_moves[] = {
	{ VK_VPTE_OLD_V, VK_VPTE_V },
	{ VK_VPTE_OLD_PS, VK_VPTE_PS },
	{ VK_VPTE_OLD_W, VK_VPTE_RW },
	{ VK_VPTE_OLD_A, VK_VPTE_A },
	{ VK_VPTE_OLD_M, VK_VPTE_M },
	{ VK_VPTE_OLD_U, VK_VPTE_U },
	{ VK_VPTE_OLD_MANAGED, VK_VPTE_MANAGED },
	{ VK_VPTE_OLD_G, VK_VPTE_G },
	{ VK_VPTE_OLD_WIRED, VK_VPTE_WIRED },
};

#define VPTE_MOVES (sizeof(vpte_moves) / sizeof(vpte_moves[0]))

uint64_t
vpte_from_old(uint64_t old_entry)
{
	uint64_t entry = old_entry & VK_VPTE_FRAME;
	size_t i;

	for (i = 0; i < VPTE_MOVES; i++) {
		if (old_entry & vpte_moves[i].old_bit)
			entry |= vpte_moves[i].new_bit;
	}
	if ((old_entry & VK_VPTE_OLD_V) && !(old_entry & VK_VPTE_OLD_X))
		entry |= VK_VPTE_NX;
	return entry;
}

uint64_t
vpte_to_old(uint64_t entry)
{
	uint64_t old_entry = entry & VK_VPTE_FRAME;
	size_t i;

	for (i = 0; i < VPTE_MOVES; i++) {
		if (entry & vpte_moves[i].new_bit)
			old_entry |= vpte_moves[i].old_bit;
	}
	if (entry & VK_VPTE_V)
		old_entry |= VK_VPTE_OLD_R;
	if ((entry & VK_VPTE_V) && !(entry & VK_VPTE_NX))
		old_entry |= VK_VPTE_OLD_X;
	return old_entry;
}
