/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits of an EPT: what they change, what they owe, and that a flag which a processor sets at the
 * same time is never lost.
 *
 * [EPT-INVALIDATE] [EPT-ENTRY] [EPT-WALK]
 */
#include <string.h>

#include "ept/ept_edit.h"
#include "support/std_machine.h"
#include "support/support_rows.h"

#define RWX EPT_RWX
#define WB STD_WB
#define LEAF ((STD_A + STD_HOST) | RWX | WB)
#define FRESH 0x3000000ull /* GPA in a range without tables */
#define FIRST_FRAME 0x400000ull

/* Frames one after the other, up to a limit. */
struct frames {
	unsigned taken;
	unsigned given;
	unsigned limit;
};

static int
take_frame(void *ctx, hpa_t *frame)
{
	struct frames *frames = ctx;

	if (frames->taken == frames->limit)
		return 0;
	*frame = vk_hpa(FIRST_FRAME + VK_PAGE_BYTES * (uint64_t)frames->taken++);
	return 1;
}

static void
give_frame(void *ctx, hpa_t frame)
{
	struct frames *frames = ctx;

	assert_true(frame.v >= FIRST_FRAME);
	frames->given++;
}

static struct ept_frames
source_of(struct frames *frames)
{
	struct ept_frames source = { take_frame, give_frame, frames };

	return source;
}

static uint64_t
translate(struct std_machine *m, uint64_t gpa, unsigned acc)
{
	struct ept_walk walk;

	return ept_walk(&m->vcpu.ept, vk_gpa(gpa), acc, &walk) == EPT_OK ? walk.hpa.v : ~0ull;
}

/* There was no entry to replace. */
static void
assert_nothing_edited(struct ept_edit edit, enum ept_edit_status status)
{
	assert_int_equal(edit.status, status);
	assert_int_equal(edit.owed, EPT_OWES_NOTHING);
	assert_int_equal(edit.before, 0);
}

/* --- what a change owes ------------------------------------------------------------------- */

#define NO_AD 0x1u
#define MBEC 0x2u
#define SPP 0x4u

static const struct owed_row {
	const char *what;
	uint64_t before;
	uint64_t after;
	unsigned differs;
	enum ept_owed owed;
} owed_rows[] = {
	{ "absent to present owes nothing", 0, LEAF, 0, EPT_OWES_NOTHING },
	{ "absent to absent owes nothing", 0xff0, 0, 0, EPT_OWES_NOTHING },
	{ "misconfigured to valid owes nothing", STD_A | EPT_W | WB, LEAF, 0, EPT_OWES_NOTHING },
	{ "so does misconfigured by an address bit", LEAF | VK_BIT(50), LEAF, 0,
	    EPT_OWES_NOTHING },
	{ "the suppression of #VE owes INVEPT", LEAF, LEAF | EPT_SVE, 0, EPT_OWES_INVEPT },
	{ "bits that are ignored owe nothing without A/D, too", LEAF,
	    LEAF | VK_BITS(60, 52) | VK_BIT(11), NO_AD, EPT_OWES_NOTHING },
	{ "a right that is added owes nothing", LEAF & ~EPT_W, LEAF, 0, EPT_OWES_NOTHING },
	{ "present to absent owes INVEPT", LEAF, 0, 0, EPT_OWES_INVEPT },
	{ "R withdrawn owes INVEPT", LEAF & ~EPT_W, EPT_X | (LEAF & ~RWX), 0, EPT_OWES_INVEPT },
	{ "W withdrawn owes INVEPT", LEAF, LEAF & ~EPT_W, 0, EPT_OWES_INVEPT },
	{ "X withdrawn owes INVEPT", LEAF, LEAF & ~EPT_X, 0, EPT_OWES_INVEPT },
	{ "XU withdrawn owes INVEPT with MBEC", LEAF | EPT_XU, LEAF, MBEC, EPT_OWES_INVEPT },
	{ "XU withdrawn owes nothing without MBEC", LEAF | EPT_XU, LEAF, 0, EPT_OWES_NOTHING },
	{ "XU added owes nothing with MBEC", LEAF, LEAF | EPT_XU, MBEC, EPT_OWES_NOTHING },
	{ "another frame owes INVEPT", LEAF, LEAF + 0x1000, 0, EPT_OWES_INVEPT },
	{ "bit 7 owes INVEPT", LEAF, LEAF | EPT_PS, 0, EPT_OWES_INVEPT },
	{ "another memory type owes INVEPT", LEAF, LEAF & ~EPT_MEMTYPE, 0, EPT_OWES_INVEPT },
	{ "IPAT owes INVEPT", LEAF, LEAF | EPT_IPAT, 0, EPT_OWES_INVEPT },
	{ "A cleared owes INVEPT", LEAF | EPT_A, LEAF, 0, EPT_OWES_INVEPT },
	{ "D cleared owes INVEPT", LEAF | EPT_A | EPT_D, LEAF | EPT_A, 0, EPT_OWES_INVEPT },
	{ "A and D set owe nothing", LEAF, LEAF | EPT_A | EPT_D, 0, EPT_OWES_NOTHING },
	{ "A and D are software's without A/D", LEAF | EPT_A | EPT_D, LEAF, NO_AD,
	    EPT_OWES_NOTHING },
	{ "software's bits owe nothing", LEAF, LEAF | VK_BIT(11) | VK_BITS(56, 52) | VK_BIT(62), 0,
	    EPT_OWES_NOTHING },
	{ "bit 61 owes nothing without sub-page permission", LEAF | EPT_SPP, LEAF, 0,
	    EPT_OWES_NOTHING },
	{ "bit 61 owes INVEPT with it", LEAF | EPT_SPP, LEAF, SPP, EPT_OWES_INVEPT },
	{ "and so does what does without it", LEAF, LEAF & ~EPT_MEMTYPE, SPP, EPT_OWES_INVEPT },
	{ "a right added and one withdrawn owe INVEPT", LEAF & ~EPT_W, LEAF & ~EPT_X, 0,
	    EPT_OWES_INVEPT },
	{ "no change owes nothing", LEAF, LEAF, 0, EPT_OWES_NOTHING },
};

static void
run_owed_row(void **state)
{
	const struct owed_row *row = *state;
	struct std_machine m;

	std_init(&m);
	std_set_eptp(&m, STD_EPTP & ~((row->differs & NO_AD) ? EPTP_AD : 0), STD_CAP,
	    ((row->differs & MBEC) ? EPT_CTL_MBEC : 0) | ((row->differs & SPP) ? EPT_CTL_SPP : 0));
	assert_int_equal(ept_owed_for(&m.vcpu.ept, row->before, row->after), row->owed);
	std_destroy(&m);
}

/* --- map and unmap ------------------------------------------------------------------------ */

static void
mapping_makes_the_tables_that_are_missing(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	/* GPA bit 39: of the standard tables only the root serves. */
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(VK_BIT(39) | FRESH), vk_hpa(0x5000000), 1,
	    RWX | WB);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(edit.owed, EPT_OWES_NOTHING);
	assert_int_equal(edit.before, 0);
	assert_int_equal(frames.taken, 3);
	assert_int_equal(frames.given, 0);
	assert_int_equal(translate(&m, VK_BIT(39) | FRESH | 0x123, VK_ACC_W), 0x5000123);
	std_destroy(&m);
}

static void
mapping_makes_large_pages(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(0x600000), vk_hpa(0x51ff000), 2, EPT_R | WB);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(frames.taken, 0);
	/* The frame is cut to the size. */
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD + 8 * 3), 0x5000000 | EPT_R | WB | EPT_PS);
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(0xc0000000), vk_hpa(0x4040000000), 3, RWX | WB);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(translate(&m, 0xc1234567, VK_ACC_R), 0x4041234567);
	std_destroy(&m);
}

static void
mapping_over_a_mapping_owes_an_invalidation(void **state)
{
	struct frames frames = { .limit = 0 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(STD_A), vk_hpa(0x5000000), 1, RWX | WB);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(edit.owed, EPT_OWES_INVEPT);
	assert_int_equal(edit.before, LEAF);
	assert_int_equal(translate(&m, STD_A, VK_ACC_R), 0x5000000);
	/* Nothing of what was there stays. */
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(STD_A), vk_hpa(0x6000000), 1, EPT_X | WB);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(std_ept(&m, STD_A), 0x6000000 | EPT_X | WB);
	std_destroy(&m);
}

static void
mappings_of_another_size_are_in_the_way(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	/* A large page above, a table below. */
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(0x200000), vk_hpa(0x5000000), 1, RWX | WB);
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(0), vk_hpa(0x5000000), 2, RWX | WB);
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(0), vk_hpa(0x40000000), 3, RWX | WB);
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	assert_int_equal(frames.taken, 0);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD), STD_EPT_PT | RWX);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PDPT), STD_EPT_PD | RWX);
	std_destroy(&m);
}

static void
without_frames_nothing_is_mapped(void **state)
{
	struct frames frames = { .limit = 2 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(VK_BIT(39)), vk_hpa(0x5000000), 1, RWX | WB);
	assert_nothing_edited(edit, EPT_EDIT_NO_FRAME);
	assert_int_equal(translate(&m, VK_BIT(39), VK_ACC_R), ~0ull);
	std_destroy(&m);
}

static void
memory_that_takes_no_change_is_told_and_keeps_no_frame(void **state)
{
	struct frames frames = { .limit = 100 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;
	uint64_t before;
	hpa_t table;

	(void)state;
	std_init(&m);
	m.memory.refuse_cas = STD_EPT_PML4 + 8;
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(VK_BIT(39)), vk_hpa(0x5000000), 1, RWX | WB);
	assert_nothing_edited(edit, EPT_EDIT_REFUSED);
	assert_int_equal(frames.taken, frames.given);
	m.memory.refuse_cas = std_ept_slot(STD_A);
	edit = ept_unmap(&m.vcpu.ept, vk_gpa(STD_A));
	assert_int_equal(edit.status, EPT_EDIT_REFUSED);
	assert_int_equal(std_ept(&m, STD_A), LEAF);
	m.memory.refuse_cas = STD_EPT_PD + 8;
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x200000));
	assert_int_equal(edit.status, EPT_EDIT_REFUSED);
	assert_int_equal(frames.taken, frames.given);
	/* An entry of the new table. */
	m.memory.refuse_cas = FIRST_FRAME + VK_PAGE_BYTES * (uint64_t)frames.taken + 8 * 5;
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x200000));
	assert_int_equal(edit.status, EPT_EDIT_REFUSED);
	assert_int_equal(frames.taken, frames.given);
	m.memory.refuse_cas = STD_EPT_PD;
	before = fake_peek(&m.memory, STD_EPT_PD);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0), 2, &table);
	assert_int_equal(edit.status, EPT_EDIT_REFUSED);
	assert_int_equal(edit.owed, EPT_OWES_NOTHING);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD), before);
	std_destroy(&m);
}

/* Between the look for a leaf and the look at where its table is missing. */
static void
hang_a_table_before_the_second_look(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_LOAD || address != STD_EPT_PML4 + 8 || fake_loads_of(memory, address) != 1)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, 0x700000 | RWX);
}

static void
a_table_that_is_there_at_the_second_look_costs_no_frame(void **state)
{
	struct frames frames = { .limit = 100 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	fake_reset(&m.memory);
	m.memory.meanwhile = hang_a_table_before_the_second_look;
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(VK_BIT(39)), vk_hpa(0x5000000), 1, RWX | WB);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(frames.taken - frames.given, 2);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PML4 + 8), 0x700000 | RWX);
	assert_int_equal(translate(&m, VK_BIT(39), VK_ACC_R), 0x5000000);
	std_destroy(&m);
}

/* Somebody else hangs a table under the entry just before we do. */
static void
be_first_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != STD_EPT_PD + 8 * 5)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, 0x7000000 | RWX);
}

static void
a_table_that_somebody_else_made_first_is_used(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = be_first_once;
	edit = ept_map(&m.vcpu.ept, &source, vk_gpa(0xa03000), vk_hpa(0x5000000), 1, RWX | WB);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(frames.taken, 1);
	assert_int_equal(frames.given, 1);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD + 8 * 5), 0x7000000 | RWX);
	assert_int_equal(fake_peek(&m.memory, 0x7000000 + 8 * 3), 0x5000000 | RWX | WB);
	std_destroy(&m);
}

static void
unmapping_takes_the_leaf_of_whatever_size(void **state)
{
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	edit = ept_unmap(&m.vcpu.ept, vk_gpa(STD_A + 0x123));
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(edit.owed, EPT_OWES_INVEPT);
	assert_int_equal(edit.before, LEAF);
	assert_int_equal(std_ept(&m, STD_A), 0);
	edit = ept_unmap(&m.vcpu.ept, vk_gpa(0x2abcde));
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD + 8), 0);
	edit = ept_unmap(&m.vcpu.ept, vk_gpa(STD_A));
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	assert_int_equal(edit.owed, EPT_OWES_NOTHING);
	edit = ept_unmap(&m.vcpu.ept, vk_gpa(VK_BIT(40)));
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	std_destroy(&m);
}

/* --- protect ------------------------------------------------------------------------------ */

static void
protecting_changes_rights_and_nothing_else(void **state)
{
	uint64_t rest = (STD_A + STD_HOST) | WB | EPT_A | EPT_D | EPT_IPAT | VK_BIT(11) | EPT_SVE;
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_ept(&m, STD_A, rest | RWX);
	edit = ept_protect(&m.vcpu.ept, vk_gpa(STD_A), EPT_R);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(edit.owed, EPT_OWES_INVEPT);
	assert_int_equal(std_ept(&m, STD_A), rest | EPT_R);
	edit = ept_protect(&m.vcpu.ept, vk_gpa(STD_A), EPT_R | EPT_W);
	assert_int_equal(edit.owed, EPT_OWES_NOTHING);
	assert_int_equal(std_ept(&m, STD_A), rest | EPT_R | EPT_W);
	edit = ept_protect(&m.vcpu.ept, vk_gpa(0x50000000), EPT_R);
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	std_destroy(&m);
}

/* A processor dirties the page just before its rights change. */
static void
dirty_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, fake_peek(memory, address) | EPT_A | EPT_D);
}

static void
a_dirty_flag_set_meanwhile_survives_protecting(void **state)
{
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = dirty_once;
	edit = ept_protect(&m.vcpu.ept, vk_gpa(STD_A), EPT_R);
	assert_int_equal(std_ept(&m, STD_A), (LEAF & ~(EPT_W | EPT_X)) | EPT_A | EPT_D);
	assert_int_equal(edit.before, LEAF | EPT_A | EPT_D);
	std_destroy(&m);
}

static void
a_dirty_flag_set_meanwhile_is_reported_by_unmapping(void **state)
{
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = dirty_once;
	edit = ept_unmap(&m.vcpu.ept, vk_gpa(STD_A));
	assert_int_equal(edit.before, LEAF | EPT_A | EPT_D);
	assert_int_equal(std_ept(&m, STD_A), 0);
	std_destroy(&m);
}

/* --- split and merge ---------------------------------------------------------------------- */

static void
splitting_keeps_every_translation(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;
	uint64_t at;

	(void)state;
	std_init(&m);
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x2abcde));
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(edit.owed, EPT_OWES_INVEPT);
	for (at = 0x200000; at < 0x400000; at += 0x1000)
		assert_int_equal(translate(&m, at, VK_ACC_W), at + STD_HOST);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD + 8), FIRST_FRAME | RWX);
	/* A 4 KiB leaf has no size bit. */
	assert_int_equal(fake_peek(&m.memory, FIRST_FRAME + 8), (0x201000 + STD_HOST) | RWX | WB);
	/* Nothing is written behind the new table. */
	assert_int_equal(fake_peek(&m.memory, FIRST_FRAME + VK_PAGE_BYTES), 0);
	std_destroy(&m);
}

static void
splitting_a_gigabyte_makes_two_megabyte_pages(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	fake_poke(&m.memory, STD_EPT_PDPT + 16, 0x4000000000 | EPT_R | WB | EPT_PS | EPT_A | EPT_D);
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x80000000));
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, FIRST_FRAME + 8 * 511),
	    (0x4000000000 + 511 * 0x200000ull) | EPT_R | WB | EPT_PS | EPT_A | EPT_D);
	assert_int_equal(translate(&m, 0xbfffffff, VK_ACC_R), 0x403fffffff);
	std_destroy(&m);
}

static void
dirty_the_large_page_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != STD_EPT_PD + 8)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, fake_peek(memory, address) | EPT_A | EPT_D);
}

static void
a_flag_set_during_a_split_is_in_the_parts(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;
	unsigned i;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = dirty_the_large_page_once;
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x200000));
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(edit.before & (EPT_A | EPT_D), EPT_A | EPT_D);
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		assert_int_equal(fake_peek(&m.memory, FIRST_FRAME + 8 * i) & (EPT_A | EPT_D),
		    EPT_A | EPT_D);
	std_destroy(&m);
}

static void
unmap_the_large_page_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != STD_EPT_PD + 8)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, 0);
}

static void
a_page_that_goes_during_a_split_stays_gone(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = unmap_the_large_page_once;
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x200000));
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	assert_int_equal(frames.given, 1);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD + 8), 0);
	std_destroy(&m);
}

/* Somebody else splits the page just before we look at it again. */
static void
split_the_large_page_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	unsigned *looks = memory->meanwhile_ctx;

	if (op != FAKE_LOAD || address != STD_EPT_PD + 8 || ++*looks != 2)
		return;
	fake_poke(memory, address, 0x700000 | RWX);
}

static void
a_page_that_somebody_else_split_first_costs_no_frame(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;
	unsigned looks = 0;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = split_the_large_page_once;
	m.memory.meanwhile_ctx = &looks;
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x200000));
	assert_int_equal(edit.status, EPT_EDIT_NO_ENTRY);
	assert_int_equal(edit.before, 0x700000 | RWX);
	assert_int_equal(frames.taken, 1);
	assert_int_equal(frames.given, 1);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD + 8), 0x700000 | RWX);
	std_destroy(&m);
}

static void
there_is_nothing_to_split_in_a_small_or_absent_page(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;

	(void)state;
	std_init(&m);
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(STD_A));
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x600000));
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	frames.limit = 0;
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x200000));
	assert_nothing_edited(edit, EPT_EDIT_NO_FRAME);
	assert_int_equal(frames.taken, 0);
	std_destroy(&m);
}

static void
merging_makes_one_page_of_512_and_joins_their_flags(void **state)
{
	struct ept_edit edit;
	struct std_machine m;
	hpa_t table;

	(void)state;
	std_init(&m);
	std_set_ept(&m, 0x5000, std_ept(&m, 0x5000) | EPT_A);
	std_set_ept(&m, 0x7000, std_ept(&m, 0x7000) | EPT_D);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(STD_A), 2, &table);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(edit.owed, EPT_OWES_INVEPT);
	assert_int_equal(edit.before, STD_EPT_PT | RWX);
	assert_int_equal(table.v, STD_EPT_PT);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD),
	    STD_HOST | RWX | WB | EPT_PS | EPT_A | EPT_D);
	assert_int_equal(translate(&m, 0x1fffff, VK_ACC_R), 0x1fffff + STD_HOST);
	std_destroy(&m);
}

static void
merging_keeps_a_right_denied_that_the_upper_entry_denied(void **state)
{
	struct ept_edit edit;
	struct std_machine m;
	hpa_t table;

	(void)state;
	std_init(&m);
	fake_poke(&m.memory, STD_EPT_PD, STD_EPT_PT | EPT_R | EPT_X);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(STD_A), 2, &table);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD), STD_HOST | EPT_R | EPT_X | WB | EPT_PS);
	std_destroy(&m);
}

static void
entries_that_differ_are_not_merged(void **state)
{
	static const struct {
		uint64_t gpa;
		uint64_t change; /* by exclusive or */
	} differences[] = {
		{ 0x1ff000, EPT_W }, { 0x1ff000, 0x1000 }, { 0x1ff000, EPT_IPAT },
		{ 0x1ff000, 1 << EPT_MEMTYPE_SHIFT }, { 0, RWX }, { 0, EPT_X }, { 0, 0x1000 },
		{ 0x3000, VK_BIT(11) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS_COUNT(differences); i++) {
		struct ept_edit edit;
		struct std_machine m;
		hpa_t table;

		std_init(&m);
		std_set_ept(&m, differences[i].gpa,
		    std_ept(&m, differences[i].gpa) ^ differences[i].change);
		edit = ept_merge(&m.vcpu.ept, vk_gpa(0), 2, &table);
		assert_int_equal(edit.status, EPT_EDIT_UNEVEN);
		assert_int_equal(edit.owed, EPT_OWES_NOTHING);
		assert_int_equal(fake_peek(&m.memory, STD_EPT_PD), STD_EPT_PT | RWX);
		std_destroy(&m);
	}
}

static void
frames_that_do_not_start_a_large_page_are_not_merged(void **state)
{
	struct ept_edit edit;
	struct std_machine m;
	uint64_t i;
	hpa_t table;

	(void)state;
	std_init(&m);
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		std_set_ept(&m, i * VK_PAGE_BYTES, (STD_HOST + (i + 1) * VK_PAGE_BYTES) | RWX | WB);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0), 2, &table);
	assert_int_equal(edit.status, EPT_EDIT_UNEVEN);
	std_destroy(&m);
}

/* Each of the three is even: what follows what, in steps of its size. */
static void
what_is_not_mapped_or_not_a_page_is_not_merged(void **state)
{
	struct ept_edit edit;
	struct std_machine m;
	uint64_t i;
	hpa_t table;

	(void)state;
	std_init(&m);
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		std_set_ept(&m, i * VK_PAGE_BYTES, (STD_HOST + i * VK_PAGE_BYTES) | WB);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0), 2, &table);
	assert_int_equal(edit.status, EPT_EDIT_UNEVEN);
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		fake_poke(&m.memory, STD_EPT_PD + 8 * i, (0x40000000 + i * 0x200000) | RWX);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0), 3, &table);
	assert_int_equal(edit.status, EPT_EDIT_UNEVEN);
	/* Pages to fetch from alone stay so. */
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		fake_poke(&m.memory, STD_EPT_PD + 8 * i,
		    (0x40000000 + i * 0x200000) | EPT_X | WB | EPT_PS);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0), 3, &table);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PDPT), 0x40000000 | EPT_X | WB | EPT_PS);
	std_destroy(&m);
}

static void
there_is_nothing_to_merge_without_a_table(void **state)
{
	struct ept_edit edit;
	struct std_machine m;
	hpa_t table;

	(void)state;
	std_init(&m);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0x200000), 2, &table);
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(VK_BIT(40)), 2, &table);
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	/* Nor within a page that is larger yet, or where the entry is not present. */
	fake_poke(&m.memory, STD_EPT_PDPT + 16, 0x4000000000 | RWX | WB | EPT_PS);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0x80000000), 2, &table);
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	fake_poke(&m.memory, STD_EPT_PD + 16, 0);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0x400000), 2, &table);
	assert_nothing_edited(edit, EPT_EDIT_NO_ENTRY);
	/* A table of tables is no page, however even. */
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0), 3, &table);
	assert_int_equal(edit.status, EPT_EDIT_UNEVEN);
	std_destroy(&m);
}

static void
access_the_table_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	uint64_t leaf = STD_EPT_PT + 8 * 9;

	if (op != FAKE_CAS || address != STD_EPT_PD)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, fake_peek(memory, address) | EPT_A);
	fake_poke(memory, leaf, fake_peek(memory, leaf) | EPT_A | EPT_D);
}

static void
a_flag_set_during_a_merge_is_in_the_whole(void **state)
{
	struct ept_edit edit;
	struct std_machine m;
	hpa_t table;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = access_the_table_once;
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0), 2, &table);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD),
	    STD_HOST | RWX | WB | EPT_PS | EPT_A | EPT_D);
	std_destroy(&m);
}

static void
splitting_and_merging_gives_the_page_back(void **state)
{
	struct frames frames = { .limit = 8 };
	struct ept_frames source = source_of(&frames);
	struct ept_edit edit;
	struct std_machine m;
	uint64_t before;
	hpa_t table;

	(void)state;
	std_init(&m);
	before = fake_peek(&m.memory, STD_EPT_PD + 8);
	edit = ept_split(&m.vcpu.ept, &source, vk_gpa(0x200000));
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	edit = ept_merge(&m.vcpu.ept, vk_gpa(0x200000), 2, &table);
	assert_int_equal(edit.status, EPT_EDIT_DONE);
	assert_int_equal(table.v, FIRST_FRAME);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD + 8), before);
	std_destroy(&m);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(owed_rows); i++)
		rows_add(&list, NULL, owed_rows[i].what, run_owed_row, &owed_rows[i]);
	ROWS_ADD_TEST(&list, mapping_makes_the_tables_that_are_missing);
	ROWS_ADD_TEST(&list, mapping_makes_large_pages);
	ROWS_ADD_TEST(&list, mapping_over_a_mapping_owes_an_invalidation);
	ROWS_ADD_TEST(&list, mappings_of_another_size_are_in_the_way);
	ROWS_ADD_TEST(&list, without_frames_nothing_is_mapped);
	ROWS_ADD_TEST(&list, memory_that_takes_no_change_is_told_and_keeps_no_frame);
	ROWS_ADD_TEST(&list, a_table_that_somebody_else_made_first_is_used);
	ROWS_ADD_TEST(&list, a_table_that_is_there_at_the_second_look_costs_no_frame);
	ROWS_ADD_TEST(&list, unmapping_takes_the_leaf_of_whatever_size);
	ROWS_ADD_TEST(&list, protecting_changes_rights_and_nothing_else);
	ROWS_ADD_TEST(&list, a_dirty_flag_set_meanwhile_survives_protecting);
	ROWS_ADD_TEST(&list, a_dirty_flag_set_meanwhile_is_reported_by_unmapping);
	ROWS_ADD_TEST(&list, splitting_keeps_every_translation);
	ROWS_ADD_TEST(&list, splitting_a_gigabyte_makes_two_megabyte_pages);
	ROWS_ADD_TEST(&list, a_flag_set_during_a_split_is_in_the_parts);
	ROWS_ADD_TEST(&list, a_page_that_goes_during_a_split_stays_gone);
	ROWS_ADD_TEST(&list, a_page_that_somebody_else_split_first_costs_no_frame);
	ROWS_ADD_TEST(&list, there_is_nothing_to_split_in_a_small_or_absent_page);
	ROWS_ADD_TEST(&list, merging_makes_one_page_of_512_and_joins_their_flags);
	ROWS_ADD_TEST(&list, merging_keeps_a_right_denied_that_the_upper_entry_denied);
	ROWS_ADD_TEST(&list, entries_that_differ_are_not_merged);
	ROWS_ADD_TEST(&list, frames_that_do_not_start_a_large_page_are_not_merged);
	ROWS_ADD_TEST(&list, what_is_not_mapped_or_not_a_page_is_not_merged);
	ROWS_ADD_TEST(&list, there_is_nothing_to_merge_without_a_table);
	ROWS_ADD_TEST(&list, a_flag_set_during_a_merge_is_in_the_whole);
	ROWS_ADD_TEST(&list, splitting_and_merging_gives_the_page_back);
	return rows_run(&list, "ept_edit");
}
