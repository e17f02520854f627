/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vkernel's two layouts of page-table entries: every combination of bits there and back, and
 * that a processor understands only the new one.
 *
 * [DF-VPTE] [DF-VPTE-OLD]
 */
#include "guestpt/vpte.h"
#include "support/std_machine.h"
#include "support/support_rows.h"

#define FRAME 0x000abcdef1234000ull
#define OLD_ALL 0x7ffull

static const struct row {
	const char *what;
	uint64_t old_entry;
	uint64_t entry;
} rows[] = {
	{ "page size moves from bit 1 to bit 7", VK_VPTE_OLD_PS, 0x080 },
	{ "write moves from bit 3 to bit 1", VK_VPTE_OLD_W, 0x002 },
	{ "accessed stays at bit 5", VK_VPTE_OLD_A, 0x020 },
	{ "modified stays at bit 6", VK_VPTE_OLD_M, 0x040 },
	{ "user moves from bit 7 to bit 2", VK_VPTE_OLD_U, 0x004 },
	{ "managed moves from bit 8 to bit 10", VK_VPTE_OLD_MANAGED, 0x400 },
	{ "global moves from bit 9 to bit 8", VK_VPTE_OLD_G, 0x100 },
	{ "wired moves from bit 10 to bit 9", VK_VPTE_OLD_WIRED, 0x200 },
	{ "valid and executable stays at bit 0", VK_VPTE_OLD_V | VK_VPTE_OLD_X, 0x001 },
	{ "valid without execute gets bit 11", VK_VPTE_OLD_V, 0x801 },
	{ "read has no counterpart", VK_VPTE_OLD_R, 0 },
	{ "execute without valid has none either", VK_VPTE_OLD_X, 0 },
	{ "the frame stays", 0x000ffffffffff000, 0x000ffffffffff000 },
	{ "bits above the frame are dropped", 0xfff0000000000000, 0 },
};

static void
run_row(void **state)
{
	const struct row *row = *state;

	assert_int_equal(vpte_from_old(row->old_entry), row->entry);
}

/* What the old layout can say of a valid entry: readable always. */
static void
every_old_entry_comes_back(void **state)
{
	uint64_t bits;

	(void)state;
	for (bits = 0; bits <= OLD_ALL; bits++) {
		uint64_t old_entry = FRAME | bits;

		if (old_entry & VK_VPTE_OLD_V)
			old_entry |= VK_VPTE_OLD_R;
		else
			old_entry &= ~(VK_VPTE_OLD_R | VK_VPTE_OLD_X);
		assert_int_equal(vpte_to_old(vpte_from_old(old_entry)), old_entry);
	}
}

static void
every_new_entry_comes_back(void **state)
{
	uint64_t known = VK_VPTE_V | VK_VPTE_RW | VK_VPTE_U | VK_VPTE_A | VK_VPTE_M | VK_VPTE_PS |
	    VK_VPTE_G | VK_VPTE_WIRED | VK_VPTE_MANAGED | VK_VPTE_NX;
	uint64_t bits;

	(void)state;
	for (bits = 0; bits < 0x1000; bits++) {
		uint64_t entry = FRAME | (bits & known);

		if (!(entry & VK_VPTE_V))
			entry &= ~VK_VPTE_NX;
		assert_int_equal(vpte_from_old(vpte_to_old(entry)), entry);
	}
}

static void
the_new_bits_are_the_processors(void **state)
{
	(void)state;
	assert_int_equal(VK_VPTE_V, VK_PG_P);
	assert_int_equal(VK_VPTE_RW, VK_PG_RW);
	assert_int_equal(VK_VPTE_U, VK_PG_US);
	assert_int_equal(VK_VPTE_A, VK_PG_A);
	assert_int_equal(VK_VPTE_M, VK_PG_D);
	assert_int_equal(VK_VPTE_PS, VK_PG_PS);
	assert_int_equal(VK_VPTE_G, VK_PG_G);
	/* No execute is not: bit 11 is one that a processor ignores. */
	assert_int_not_equal(VK_VPTE_NX, VK_PG_XD);
}

/* The same mapping in both layouts, given to the processor's walk. */
static void
only_the_new_layout_works_as_a_page_table(void **state)
{
	static const struct guestpt_mode mode = { .cr0 = VK_CR0_PG | VK_CR0_WP, .cr3 = STD_PML4,
		.maxphyaddr = STD_MAXPHYADDR };
	static const uint64_t tables[] = { STD_PDPT, STD_PD, STD_PT, STD_A };
	static const uint64_t slots[] = { 0x1008, 0x2008, 0x3008, 0x4008 };
	uint64_t flags = VK_VPTE_V | VK_VPTE_RW | VK_VPTE_U | VK_VPTE_WIRED | VK_VPTE_MANAGED;
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;
	unsigned i;

	(void)state;
	fake_init(&memory, 0x100000);
	guestpt_init(&pt, fake_gpm(&memory), &mode);
	for (i = 0; i < 4; i++)
		fake_poke(&memory, slots[i], tables[i] | flags);
	assert_int_equal(guestpt_access(&pt, vk_gva(STD_X), VK_ACC_W | VK_ACC_USER, &walk),
	    GUESTPT_OK);
	assert_int_equal(walk.gpa.v, STD_A);
	assert_int_equal(fake_peek(&memory, 0x4008), STD_A | flags | VK_VPTE_A | VK_VPTE_M);
	/* User at bit 7 makes the root's entry a reserved one. */
	for (i = 0; i < 4; i++)
		fake_poke(&memory, slots[i], vpte_to_old(tables[i] | flags));
	assert_int_equal(guestpt_access(&pt, vk_gva(STD_X), VK_ACC_W | VK_ACC_USER, &walk),
	    GUESTPT_PF);
	assert_int_equal(walk.why, GUESTPT_WHY_RESERVED);
	assert_int_equal(walk.bits, VK_VPTE_OLD_U);
	fake_destroy(&memory);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++)
		rows_add(&list, NULL, rows[i].what, run_row, &rows[i]);
	ROWS_ADD_TEST(&list, every_old_entry_comes_back);
	ROWS_ADD_TEST(&list, every_new_entry_comes_back);
	ROWS_ADD_TEST(&list, the_new_bits_are_the_processors);
	ROWS_ADD_TEST(&list, only_the_new_layout_works_as_a_page_table);
	return rows_run(&list, "vpte");
}
