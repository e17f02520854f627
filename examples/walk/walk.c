/* SPDX-License-Identifier: BSD-2-Clause */
/* Four tables in an array, and a walk through them. */
#include <stdio.h>
#include "guestpt/guestpt.h"

static uint64_t table[4][512]; /* guest-physical 0 to 0x3fff, the root first */

static int
load(void *ctx, gpa_t slot, uint64_t *entry)
{
	(void)ctx;
	*entry = table[slot.v >> 12 & 3][slot.v >> 3 & 511];
	return 1;
}

int
main(void)
{
	static const struct gpm_ops memory = { .load = load };
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG, .cr4 = VK_CR4_PAE, .maxphyaddr = 36 };
	struct guestpt_walk walk;
	struct guestpt pt;
	gva_t gva = { 0x400008 };

	table[0][0] = 0x1000 | VK_PG_P | VK_PG_US;
	table[1][0] = 0x2000 | VK_PG_P | VK_PG_US;
	table[2][2] = 0x3000 | VK_PG_P | VK_PG_US;
	table[3][0] = 0x7000 | VK_PG_P | VK_PG_US;
	guestpt_init(&pt, (struct gpm){ &memory, NULL }, &mode);
	if (guestpt_walk(&pt, gva, VK_ACC_R | VK_ACC_USER, &walk) == GUESTPT_OK)
		printf("0x%llx is at 0x%llx\n", (long long)gva.v, (long long)walk.gpa.v);
	if (guestpt_walk(&pt, gva, VK_ACC_W | VK_ACC_USER, &walk) == GUESTPT_PF)
		printf("a write faults: error code 0x%x, level %u\n", walk.error_code, walk.level);
}
