/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits of guest tables: what they change, what they owe, and what becomes of a change of somebody
 * else in between.
 *
 * [GUEST-INVALIDATE] [GUEST-WALK] [GUEST-ENTRY]
 */
#include <string.h>

#include "guestpt/guestpt_edit.h"
#include "support/std_machine.h"
#include "support/support_rows.h"

#define X STD_X
#define A STD_A
#define PWU STD_PWU
#define PDE 0x3008ull
#define PTE 0x4008ull
#define FIRST_PAGE 0x100000ull

struct pages {
	unsigned taken, given;
	unsigned limit;
};

static int
take_page(void *ctx, gpa_t *page)
{
	struct pages *pages = ctx;

	if (pages->taken == pages->limit)
		return 0;
	*page = vk_gpa(FIRST_PAGE + VK_PAGE_BYTES * (uint64_t)pages->taken++);
	return 1;
}

static void
give_page(void *ctx, gpa_t page)
{
	struct pages *pages = ctx;

	assert_int_equal(page.v, FIRST_PAGE + VK_PAGE_BYTES * (uint64_t)(pages->taken - 1));
	pages->taken--;
	pages->given++;
}

static const struct guestpt_mode std_mode = { .cr0 = VK_CR0_PG | VK_CR0_WP, .cr3 = STD_PML4,
	.efer = VK_EFER_NXE, .page1g = 1, .maxphyaddr = STD_MAXPHYADDR };

struct machine {
	struct fake_memory memory;
	struct guestpt pt;
	struct pages taken;
	struct guestpt_pages pages;
};

static void
machine_init(struct machine *m)
{
	memset(m, 0, sizeof(*m));
	fake_init(&m->memory, 0x10000000);
	fake_poke(&m->memory, 0x1008, STD_PDPT | PWU);
	fake_poke(&m->memory, 0x2008, STD_PD | PWU);
	fake_poke(&m->memory, PDE, STD_PT | PWU);
	fake_poke(&m->memory, PTE, A | PWU | VK_PG_A);
	guestpt_init(&m->pt, fake_gpm(&m->memory), &std_mode);
	m->taken.limit = 8;
	m->pages.take = take_page;
	m->pages.give = give_page;
	m->pages.ctx = &m->taken;
}

static uint64_t
translate(struct machine *m, uint64_t gva, unsigned acc)
{
	struct guestpt_walk walk;

	return guestpt_walk(&m->pt, vk_gva(gva), acc, &walk) == GUESTPT_OK ? walk.gpa.v : ~0ull;
}

/* There was no entry to replace. */
static void
assert_nothing_edited(struct guestpt_edit edit, enum guestpt_edit_status status)
{
	assert_int_equal(edit.status, status);
	assert_int_equal(edit.owed, GUESTPT_OWES_NOTHING);
	assert_int_equal(edit.before, 0);
}

/* --- what a change owes ------------------------------------------------------------------- */

#define USED (A | PWU | VK_PG_A)
#define SUPERVISOR (A | VK_PG_P | VK_PG_RW | VK_PG_A)
#define READ_ONLY (A | VK_PG_P | VK_PG_US | VK_PG_A)

static const struct owed_row {
	const char *what;
	uint64_t before;
	uint64_t after;
	int smep;
	enum guestpt_owed owed;
} owed_rows[] = {
	{ "absent to present owes nothing", 0, USED, 0, GUESTPT_OWES_NOTHING },
	{ "absent to absent owes nothing", 0xfe, 0, 0, GUESTPT_OWES_NOTHING },
	{ "present to absent owes INVLPG", USED, USED & ~VK_PG_P, 0, GUESTPT_OWES_INVLPG },
	{ "an entry that was never used is cached nowhere", A | PWU, 0, 0, GUESTPT_OWES_NOTHING },
	{ "R/W added owes nothing", READ_ONLY, USED, 0, GUESTPT_OWES_NOTHING },
	{ "R/W withdrawn owes INVLPG", USED, READ_ONLY, 0, GUESTPT_OWES_INVLPG },
	{ "U/S added owes nothing without SMEP", SUPERVISOR, USED, 0, GUESTPT_OWES_NOTHING },
	{ "U/S added owes INVLPG with SMEP", SUPERVISOR, USED, 1, GUESTPT_OWES_INVLPG },
	{ "U/S withdrawn owes INVLPG", USED, SUPERVISOR, 0, GUESTPT_OWES_INVLPG },
	{ "XD withdrawn owes nothing", USED | VK_PG_XD, USED, 0, GUESTPT_OWES_NOTHING },
	{ "XD added owes INVLPG", USED, USED | VK_PG_XD, 0, GUESTPT_OWES_INVLPG },
	{ "another frame owes INVLPG", USED, USED + 0x1000, 0, GUESTPT_OWES_INVLPG },
	{ "another key owes INVLPG", USED, USED | 1ull << VK_PG_PKEY_SHIFT, 0,
	    GUESTPT_OWES_INVLPG },
	{ "another memory type owes INVLPG", USED, USED | VK_PG_PCD, 0, GUESTPT_OWES_INVLPG },
	{ "G owes INVLPG", USED, USED | VK_PG_G, 0, GUESTPT_OWES_INVLPG },
	{ "bit 7 owes INVLPG", USED, USED | VK_PG_PS, 0, GUESTPT_OWES_INVLPG },
	{ "A cleared owes INVLPG", USED, A | PWU, 0, GUESTPT_OWES_INVLPG },
	{ "D cleared owes INVLPG", USED | VK_PG_D, USED, 0, GUESTPT_OWES_INVLPG },
	{ "D set owes nothing", USED, USED | VK_PG_D, 0, GUESTPT_OWES_NOTHING },
	{ "software's bits owe nothing", USED, USED | VK_BITS(11, 9) | VK_BITS(58, 52), 0,
	    GUESTPT_OWES_NOTHING },
	{ "a right added beside one withdrawn owes INVLPG", READ_ONLY, SUPERVISOR, 0,
	    GUESTPT_OWES_INVLPG },
	{ "no change owes nothing", USED, USED, 1, GUESTPT_OWES_NOTHING },
};

static void
run_owed_row(void **state)
{
	const struct owed_row *row = *state;

	assert_int_equal(guestpt_owed_for(row->before, row->after, row->smep), row->owed);
}

/* --- map ---------------------------------------------------------------------------------- */

static void
mapping_makes_the_tables_that_are_missing(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(0x123456789000), vk_gpa(0x55000), 1, PWU);
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(edit.owed, GUESTPT_OWES_NOTHING);
	assert_int_equal(edit.before, 0);
	assert_int_equal(m.taken.taken, 3);
	assert_int_equal(translate(&m, 0x123456789abc, VK_ACC_W | VK_ACC_USER), 0x55abc);
	fake_destroy(&m.memory);
}

static void
the_leaf_alone_decides(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(0x123456789000), vk_gpa(0x55000), 1,
	    VK_PG_P | VK_PG_XD);
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(translate(&m, 0x123456789000, VK_ACC_R), 0x55000);
	assert_int_equal(translate(&m, 0x123456789000, VK_ACC_R | VK_ACC_USER), ~0ull);
	assert_int_equal(translate(&m, 0x123456789000, VK_ACC_W), ~0ull);
	assert_int_equal(translate(&m, 0x123456789000, VK_ACC_X), ~0ull);
	fake_destroy(&m.memory);
}

static void
mapping_makes_large_pages(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	/* The address is cut to the size. */
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X + 0x200000), vk_gpa(0x7ff000), 2, PWU);
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, PDE + 8), 0x600000 | PWU | VK_PG_PS);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X + 0x40000000), vk_gpa(0x80000000), 3, PWU);
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(translate(&m, X + 0x40000000, VK_ACC_R), 0x80000000 | (X & 0x3fffffff));
	assert_int_equal(m.taken.taken, 0);
	fake_destroy(&m.memory);
}

/* The entry is present at every second look. */
static void
come_and_go(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op == FAKE_LOAD && address == PDE + 8)
		fake_poke(memory, address, fake_peek(memory, address) ^ (0x700000 | PWU));
}

static void
tables_that_come_and_go_hold_nobody_for_ever(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	fake_poke(&m.memory, PDE + 8, 0x700000 | PWU);
	m.memory.meanwhile = come_and_go;
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X + 0x200000), vk_gpa(0x55000), 1, PWU);
	assert_nothing_edited(edit, GUESTPT_EDIT_REFUSED);
	assert_int_equal(edit.owed, GUESTPT_OWES_NOTHING);
	assert_int_equal(m.taken.taken, 0);
	assert_int_equal(m.memory.loads, 1024 * (3 + 1)); /* each try: the way, another look */
	fake_destroy(&m.memory);
}

static void
mapping_over_a_used_mapping_owes_an_invalidation(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(STD_B), 1, PWU);
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(edit.owed, GUESTPT_OWES_INVLPG);
	assert_int_equal(edit.before, A | PWU | VK_PG_A);
	fake_destroy(&m.memory);
}

static void
smep_makes_a_page_given_to_users_owe_an_invalidation(void **state)
{
	struct guestpt_mode mode = std_mode;
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	fake_poke(&m.memory, PTE, SUPERVISOR);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(A), 1, PWU | VK_PG_A);
	assert_int_equal(edit.owed, GUESTPT_OWES_NOTHING);
	mode.cr4 |= VK_CR4_SMEP;
	guestpt_init(&m.pt, fake_gpm(&m.memory), &mode);
	fake_poke(&m.memory, PTE, SUPERVISOR);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(A), 1, PWU | VK_PG_A);
	assert_int_equal(edit.owed, GUESTPT_OWES_INVLPG);
	fake_destroy(&m.memory);
}

static void
a_mapping_has_the_flags_that_were_asked_for_and_no_other(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(0x55000), 1, VK_PG_RW);
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, PTE), 0x55000 | VK_PG_RW);
	fake_destroy(&m.memory);
}

static void
mappings_of_another_size_are_in_the_way(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	/* A table below, a large page above. */
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(0x200000), 2, PWU);
	assert_nothing_edited(edit, GUESTPT_EDIT_NO_ENTRY);
	assert_int_equal(fake_peek(&m.memory, PDE), STD_PT | PWU);
	fake_poke(&m.memory, PDE, 0x200000 | PWU | VK_PG_PS);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(A), 1, PWU);
	assert_nothing_edited(edit, GUESTPT_EDIT_NO_ENTRY);
	assert_int_equal(m.taken.taken, 0);
	fake_destroy(&m.memory);
}

static void
without_pages_nothing_is_mapped(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	m.taken.limit = 2;
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(0x123456789000), vk_gpa(0x55000), 1, PWU);
	assert_nothing_edited(edit, GUESTPT_EDIT_NO_PAGE);
	assert_int_equal(translate(&m, 0x123456789000, VK_ACC_R), ~0ull);
	fake_destroy(&m.memory);
}

static void
a_refused_access_ends_the_edit(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	m.memory.refuse_load = PDE;
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(A), 1, PWU);
	assert_nothing_edited(edit, GUESTPT_EDIT_REFUSED);
	edit = guestpt_unmap(&m.pt, vk_gva(X));
	assert_nothing_edited(edit, GUESTPT_EDIT_REFUSED);
	m.memory.refuse_load = FAKE_NOWHERE;
	m.memory.refuse_cas = PTE;
	fake_reset(&m.memory);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(A), 1, PWU);
	assert_int_equal(m.memory.loads, 3 + 1 + 1); /* it is not tried again */
	assert_int_equal(edit.status, GUESTPT_EDIT_REFUSED);
	assert_int_equal(edit.before, USED);
	m.memory.refuse_load = PTE;
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(A), 1, PWU);
	assert_nothing_edited(edit, GUESTPT_EDIT_REFUSED);
	edit = guestpt_unmap(&m.pt, vk_gva(X));
	assert_nothing_edited(edit, GUESTPT_EDIT_REFUSED);
	m.memory.refuse_load = FAKE_NOWHERE;
	m.memory.refuse_cas = 0x1000 + 8 * 0x24;
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(0x123456789000), vk_gpa(A), 1, PWU);
	assert_nothing_edited(edit, GUESTPT_EDIT_REFUSED);
	fake_destroy(&m.memory);
}

static void
without_paging_there_are_no_tables_to_edit(void **state)
{
	struct guestpt_mode mode = std_mode;
	struct guestpt_edit edit;
	unsigned found = 9;
	struct machine m;
	gpa_t slot;

	(void)state;
	machine_init(&m);
	mode.cr0 = 0;
	guestpt_init(&m.pt, fake_gpm(&m.memory), &mode);
	assert_int_equal(guestpt_find(&m.pt, vk_gva(X), 1, &slot, &found), GUESTPT_EDIT_REFUSED);
	assert_int_equal(found, 0);
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X), vk_gpa(A), 1, PWU);
	assert_nothing_edited(edit, GUESTPT_EDIT_REFUSED);
	assert_int_equal(m.memory.events, 0);
	fake_destroy(&m.memory);
}

/* --- unmap, find -------------------------------------------------------------------------- */

static void
unmapping_makes_the_leaf_zero_whatever_its_size(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	edit = guestpt_unmap(&m.pt, vk_gva(X + 0x123));
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(edit.owed, GUESTPT_OWES_INVLPG);
	assert_int_equal(edit.before, A | PWU | VK_PG_A);
	assert_int_equal(fake_peek(&m.memory, PTE), 0);
	edit = guestpt_unmap(&m.pt, vk_gva(X));
	assert_nothing_edited(edit, GUESTPT_EDIT_NO_ENTRY);
	fake_poke(&m.memory, PDE, 0x200000 | PWU | VK_PG_PS);
	edit = guestpt_unmap(&m.pt, vk_gva(X));
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, PDE), 0);
	edit = guestpt_unmap(&m.pt, vk_gva(X));
	assert_nothing_edited(edit, GUESTPT_EDIT_NO_ENTRY);
	fake_destroy(&m.memory);
}

static void
finding_tells_the_slot_and_its_level(void **state)
{
	static const uint64_t slots[] = { 0, PTE, PDE, 0x2008, 0x1008 };
	struct machine m;
	unsigned level, found;
	gpa_t slot;

	(void)state;
	machine_init(&m);
	for (level = 1; level <= 4; level++) {
		assert_int_equal(guestpt_find(&m.pt, vk_gva(X), level, &slot, &found),
		    GUESTPT_EDIT_DONE);
		assert_int_equal(slot.v, slots[level]);
		assert_int_equal(found, level);
	}
	fake_poke(&m.memory, PDE, 0x200000 | PWU | VK_PG_PS);
	assert_int_equal(guestpt_find(&m.pt, vk_gva(X), 1, &slot, &found), GUESTPT_EDIT_DONE);
	assert_int_equal(slot.v, PDE);
	assert_int_equal(found, 2);
	fake_poke(&m.memory, 0x2008, 0);
	assert_int_equal(guestpt_find(&m.pt, vk_gva(X), 1, &slot, &found), GUESTPT_EDIT_NO_ENTRY);
	assert_int_equal(found, 3);
	fake_destroy(&m.memory);
}

/* --- changes in between ------------------------------------------------------------------- */

static void
dirty_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != PTE)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, PTE, fake_peek(memory, PTE) | VK_PG_D);
}

static void
a_dirty_flag_set_meanwhile_is_reported(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	m.memory.meanwhile = dirty_once;
	edit = guestpt_unmap(&m.pt, vk_gva(X));
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(edit.before, A | PWU | VK_PG_A | VK_PG_D);
	assert_int_equal(fake_peek(&m.memory, PTE), 0);
	fake_destroy(&m.memory);
}

/* A table appears after the walk found none and before ours is hung up. */
static void
be_first_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (address != PDE + 8 || (op == FAKE_LOAD && fake_loads_of(memory, address) == 0))
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, 0x90000 | PWU);
}

static void
a_table_that_somebody_else_made_first_is_used(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	m.memory.meanwhile = be_first_once;
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X + 0x200000), vk_gpa(STD_C), 1, PWU);
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, PDE + 8), 0x90000 | PWU);
	assert_int_equal(fake_peek(&m.memory, 0x90008), STD_C | PWU);
	assert_int_equal(m.taken.taken, 0);
	fake_destroy(&m.memory);
}

/* The same, when our page is there already. */
static void
be_first_at_the_swap(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != PDE + 8)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, 0x90000 | PWU);
}

static void
a_page_for_a_table_that_came_too_late_goes_back(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	m.memory.meanwhile = be_first_at_the_swap;
	edit = guestpt_map(&m.pt, &m.pages, vk_gva(X + 0x200000), vk_gpa(STD_C), 1, PWU);
	assert_int_equal(edit.status, GUESTPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, 0x90008), STD_C | PWU);
	assert_int_equal(m.taken.taken, 0);
	assert_int_equal(m.taken.given, 1);
	fake_destroy(&m.memory);
}

static void
flip_for_ever(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op == FAKE_CAS)
		fake_poke(memory, address, fake_peek(memory, address) ^ 0x200);
}

static void
a_guest_that_changes_the_entry_for_ever_gets_its_way(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	m.memory.meanwhile = flip_for_ever;
	edit = guestpt_unmap(&m.pt, vk_gva(X));
	assert_int_equal(edit.status, GUESTPT_EDIT_REFUSED);
	assert_int_equal(m.memory.loads, 3 + 1 + 1024); /* the way, the look, the tries */
	assert_int_equal(m.memory.swaps, 0);
	fake_destroy(&m.memory);
}

/* --- memory that cannot be read --------------------------------------------------------------- */

/* A memory that refuses one load: the nth. */
static struct refusing {
	struct gpm below;
	unsigned nth;
} refusing;

static int
refusing_load(void *ctx, gpa_t slot, uint64_t *value)
{
	(void)ctx;
	return --refusing.nth != 0 && refusing.below.ops->load(refusing.below.ctx, slot, value);
}

static enum cas_status
refusing_cas(void *ctx, gpa_t slot, uint64_t expected, uint64_t desired)
{
	(void)ctx;
	return refusing.below.ops->cas(refusing.below.ctx, slot, expected, desired);
}

static const struct gpm_ops refusing_ops = { .load = refusing_load, .cas = refusing_cas };

/* X is mapped; FAR has no table but the first. */
#define FAR (X + VK_BIT(39))

static struct guestpt_edit
edit_number(struct machine *m, unsigned number)
{
	switch (number) {
	case 0:
		return guestpt_unmap(&m->pt, vk_gva(X));
	case 1:
		return guestpt_map(&m->pt, &m->pages, vk_gva(X), vk_gpa(0x5000), 1, PWU);
	default:
		return guestpt_map(&m->pt, &m->pages, vk_gva(FAR), vk_gpa(0x5000), 1, PWU);
	}
}

static void
whichever_load_is_refused_the_edit_is_and_no_mapping_changes(void **state)
{
	/* Three on the way down, the leaf, and the leaf again to replace it; or tables besides. */
	static const unsigned loads[] = { 5, 5, 14 };
	unsigned number, nth;

	(void)state;
	for (number = 0; number < ROWS_COUNT(loads); number++) {
		for (nth = 1;; nth++) {
			struct guestpt_edit edit;
			struct machine m;

			machine_init(&m);
			refusing.below = m.pt.mem;
			refusing.nth = nth;
			m.pt.mem.ops = &refusing_ops;
			edit = edit_number(&m, number);
			m.pt.mem = refusing.below;
			if (edit.status == GUESTPT_EDIT_DONE) {
				fake_destroy(&m.memory);
				break;
			}
			assert_nothing_edited(edit, GUESTPT_EDIT_REFUSED);
			assert_int_equal(edit.owed, GUESTPT_OWES_NOTHING);
			assert_int_equal(fake_peek(&m.memory, PTE), A | PWU | VK_PG_A);
			assert_int_equal(translate(&m, FAR, VK_ACC_R), ~0ull);
			fake_destroy(&m.memory);
		}
		assert_int_equal(nth - 1, loads[number]);
	}
}

static void
what_is_not_present_is_told_as_it_was(void **state)
{
	struct guestpt_edit edit;
	struct machine m;

	(void)state;
	machine_init(&m);
	fake_poke(&m.memory, PTE, 0xabcde0);
	edit = guestpt_unmap(&m.pt, vk_gva(X));
	assert_int_equal(edit.status, GUESTPT_EDIT_NO_ENTRY);
	assert_int_equal(edit.before, 0xabcde0);
	assert_int_equal(fake_peek(&m.memory, PTE), 0xabcde0);
	fake_destroy(&m.memory);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(owed_rows); i++)
		rows_add(&list, NULL, owed_rows[i].what, run_owed_row, &owed_rows[i]);
	ROWS_ADD_TEST(&list, mapping_makes_the_tables_that_are_missing);
	ROWS_ADD_TEST(&list, the_leaf_alone_decides);
	ROWS_ADD_TEST(&list, mapping_makes_large_pages);
	ROWS_ADD_TEST(&list, a_page_for_a_table_that_came_too_late_goes_back);
	ROWS_ADD_TEST(&list, tables_that_come_and_go_hold_nobody_for_ever);
	ROWS_ADD_TEST(&list, mapping_over_a_used_mapping_owes_an_invalidation);
	ROWS_ADD_TEST(&list, smep_makes_a_page_given_to_users_owe_an_invalidation);
	ROWS_ADD_TEST(&list, a_mapping_has_the_flags_that_were_asked_for_and_no_other);
	ROWS_ADD_TEST(&list, mappings_of_another_size_are_in_the_way);
	ROWS_ADD_TEST(&list, without_pages_nothing_is_mapped);
	ROWS_ADD_TEST(&list, a_refused_access_ends_the_edit);
	ROWS_ADD_TEST(&list, without_paging_there_are_no_tables_to_edit);
	ROWS_ADD_TEST(&list, unmapping_makes_the_leaf_zero_whatever_its_size);
	ROWS_ADD_TEST(&list, finding_tells_the_slot_and_its_level);
	ROWS_ADD_TEST(&list, a_dirty_flag_set_meanwhile_is_reported);
	ROWS_ADD_TEST(&list, a_table_that_somebody_else_made_first_is_used);
	ROWS_ADD_TEST(&list, a_guest_that_changes_the_entry_for_ever_gets_its_way);
	ROWS_ADD_TEST(&list, whichever_load_is_refused_the_edit_is_and_no_mapping_changes);
	ROWS_ADD_TEST(&list, what_is_not_present_is_told_as_it_was);
	return rows_run(&list, "guestpt_edit");
}
