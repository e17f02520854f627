/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The history of stale translations: who read what was used, who changed it, what was due.
 *
 * [TLB-REQUIRED] [TLB-KINDS] [TLB-INVALIDATE]
 */
#include <stdio.h>
#include <string.h>

#include "support/std_machine.h"
#include "support/support_rows.h"

#define X STD_X
#define Y STD_Y
#define A STD_A
#define B STD_B
#define C STD_C
#define PTE_X (STD_PT + 8)
#define PTE_Y (STD_PT + 16)
#define PDE (STD_PD + 8)
#define PT2 0x6000ull
#define ROOT2 0x7000ull
#define FRAME 0x1800000ull
#define PAGE (STD_PWU | VK_PG_A | VK_PG_D)

struct world {
	struct std_machine m;
	struct table_log *log;
	int step;      /* of the one that is being made */
	bool by_guest; /* what is changed now */
};

static void
say_who(void *ctx, struct table_change *change)
{
	const struct world *world = ctx;

	change->thread = 3;
	change->step = world->step;
	change->by_guest = world->by_guest;
}

static void
begin(struct world *world)
{
	struct tlb_sizes sizes = { 16, 16, 16 };

	memset(world, 0, sizeof(*world));
	std_init(&world->m);
	world->log = table_log_create(world->m.memory.mem);
	world->m.vcpu.tlb = tlb_create(&sizes, 5);
	assert_non_null(world->log);
	assert_non_null(world->m.vcpu.tlb);
	assert_true(tlb_follow(world->m.vcpu.tlb, world->m.memory.mem, world->log, false));
	table_log_ask(world->log, say_who, world);
	table_log_start(world->log);
	world->m.vcpu.cpl = 0;
	world->m.vcpu.thread = 1;
	std_set_guest(&world->m, PTE_Y, B | PAGE);
	std_set_guest(&world->m, PT2 + 8, C | PAGE);
	std_set_guest(&world->m, PT2 + 16, C | PAGE);
}

static void
end(struct world *world)
{
	tlb_destroy(world->m.vcpu.tlb);
	table_log_destroy(world->log);
	std_destroy(&world->m);
}

static const struct vcpu_piece *
access_at(struct world *world, int step, char kind, uint64_t gva)
{
	world->m.vcpu.step = step;
	assert_int_equal(std_access(&world->m, kind, gva, 1), VCPU_DONE);
	return &world->m.result.piece[0];
}

static void
change_at(struct world *world, int step, enum event_side side, uint64_t slot, uint64_t value)
{
	world->step = step;
	if (side == EVENT_EPT)
		fake_poke(&world->m.memory, slot, value);
	else
		std_set_guest(&world->m, slot, value);
}

/* --- one change after one access -------------------------------------------------------------- */

struct row {
	const char *what;
	uint64_t read;     /* in step 1 */
	enum event_side side;
	uint64_t slot, value; /* changed in step 4 */
	bool by_guest, vpid;
	char kind;
	uint64_t used;     /* in step 7 */
	unsigned level;
	enum stale_remedy remedy;
	uint64_t operand;
};

#define EPT_SLOT(gpa) (STD_EPT_PT + (gpa) / VK_PAGE_BYTES * 8)

static const struct row rows[] = {
	{ "a guest that changes a leaf owes INVLPG", X, EVENT_GUEST, PTE_X, B | PAGE, true, true,
	    'r', X, 1, STALE_INVLPG, X },
	{ "a host that does owes INVVPID", X, EVENT_GUEST, PTE_X, B | PAGE, false, true, 'r', X, 1,
	    STALE_INVVPID, X },
	{ "or an exit of that CPU where there are no VPIDs", X, EVENT_GUEST, PTE_X, B | PAGE, false,
	    false, 'r', X, 1, STALE_EXIT, X },
	{ "a page that went away", X, EVENT_GUEST, PTE_X, 0, true, false, 'r', X, 1, STALE_INVLPG,
	    X },
	{ "a right that was taken", X, EVENT_GUEST, PTE_X, (A | PAGE) & ~VK_PG_P, true, false, 'w',
	    X, 1, STALE_INVLPG, X },
	{ "an upper entry", X, EVENT_GUEST, PDE, PT2 | PAGE, true, false, 'r', X, 2, STALE_INVLPG,
	    X },
	{ "an upper entry that another page's walk had read", X, EVENT_GUEST, PDE, PT2 | PAGE, true,
	    false, 'r', Y, 2, STALE_INVLPG, Y },
	{ "an EPT leaf of the page", X, EVENT_EPT, EPT_SLOT(A), FRAME | EPT_RWX | STD_WB, true,
	    true, 'r', X, 1, STALE_INVEPT, STD_EPT_PML4 },
	{ "an upper entry of the EPT", X, EVENT_EPT, STD_EPT_PD, 0, false, false, 'r', X, 2,
	    STALE_INVEPT, STD_EPT_PML4 },
	{ "an EPT leaf of a table", X, EVENT_EPT, EPT_SLOT(STD_PT), FRAME | EPT_RWX | STD_WB, false,
	    false, 'r', X, 1, STALE_INVEPT, STD_EPT_PML4 },
	{ "an EPT leaf of a table that another page's walk had read", X, EVENT_EPT,
	    EPT_SLOT(STD_PT), FRAME | EPT_RWX | STD_WB, false, false, 'r', Y, 1, STALE_INVEPT,
	    STD_EPT_PML4 },
};

static void
run_row(void **state)
{
	const struct row *row = *state;
	const struct vcpu_piece *piece;
	struct world world;
	uint64_t number;

	begin(&world);
	world.m.vcpu.vpid_on = row->vpid;
	world.m.vcpu.vpid = 9;
	world.by_guest = row->by_guest;
	(void)access_at(&world, 1, 'w', row->read);
	change_at(&world, 4, row->side, row->slot, row->value);
	number = table_log_number(world.log);
	piece = access_at(&world, 7, row->kind, row->used);
	assert_true(piece->stale);
	assert_int_equal(piece->history.what, STALE_ENTRY);
	assert_int_equal(piece->history.cpu, 5);
	assert_int_equal(piece->history.side, row->side);
	assert_int_equal(piece->history.level, row->level);
	assert_int_equal(piece->history.place, row->slot);
	assert_int_equal(piece->history.reader, 1);
	assert_int_equal(piece->history.reader_step, 1);
	assert_int_equal(piece->history.changer, 3);
	assert_int_equal(piece->history.changer_step, 4);
	assert_int_equal(piece->history.number, number);
	assert_int_equal(piece->history.after, row->value);
	assert_int_equal(piece->history.remedy, row->remedy);
	assert_int_equal(piece->history.operand, row->operand);
	end(&world);
}

/* --- more than one change --------------------------------------------------------------------- */

static void
of_two_changes_the_one_that_misleads_is_told(void **state)
{
	const struct vcpu_piece *piece;
	struct world world;

	(void)state;
	begin(&world);
	(void)access_at(&world, 1, 'r', X);
	change_at(&world, 2, EVENT_GUEST, PTE_Y, A | PAGE); /* before anybody has read it */
	(void)access_at(&world, 3, 'r', Y);
	change_at(&world, 4, EVENT_GUEST, PDE, PT2 | PAGE);
	piece = access_at(&world, 5, 'r', Y);
	assert_true(piece->stale);
	assert_int_equal(piece->history.level, 2);
	assert_int_equal(piece->history.reader_step, 1);
	assert_int_equal(piece->history.changer_step, 4);
	/* What comes below an entry that is gone is of no matter any more. */
	change_at(&world, 6, EVENT_GUEST, PTE_Y, C | PAGE);
	piece = access_at(&world, 7, 'r', Y);
	assert_int_equal(piece->history.level, 2);
	end(&world);
}

static void
what_the_ept_has_cached_outlives_an_invlpg(void **state)
{
	const struct vcpu_piece *piece;
	struct world world;

	(void)state;
	begin(&world);
	(void)access_at(&world, 1, 'w', X);
	change_at(&world, 2, EVENT_EPT, EPT_SLOT(STD_PT), FRAME | EPT_RWX | STD_WB);
	vcpu_invlpg(&world.m.vcpu, vk_gva(X));
	piece = access_at(&world, 3, 'r', X);
	assert_true(piece->stale);
	assert_int_equal(piece->history.side, EVENT_EPT);
	assert_int_equal(piece->history.place, EPT_SLOT(STD_PT));
	assert_int_equal(piece->history.reader_step, 1);
	assert_int_equal(piece->history.remedy, STALE_INVEPT);
	end(&world);
}

static void
of_many_changes_of_an_entry_the_first_is_told(void **state)
{
	const struct vcpu_piece *piece;
	struct world world;

	(void)state;
	begin(&world);
	change_at(&world, 0, EVENT_GUEST, PTE_X, A | PAGE | VK_PG_PWT);
	change_at(&world, 0, EVENT_GUEST, PTE_X, A | PAGE);
	(void)access_at(&world, 1, 'r', X);
	change_at(&world, 2, EVENT_GUEST, PTE_X, A | (PAGE & ~VK_PG_A)); /* flags do not count */
	change_at(&world, 3, EVENT_GUEST, PTE_X, B | PAGE);
	change_at(&world, 4, EVENT_GUEST, PTE_X, C | PAGE);
	piece = access_at(&world, 5, 'r', X);
	assert_true(piece->stale);
	assert_int_equal(piece->history.changer_step, 3);
	assert_int_equal(piece->history.after, B | PAGE);
	end(&world);
}

static void
what_was_invalidated_has_no_part_in_it(void **state)
{
	const struct vcpu_piece *piece;
	struct world world;

	(void)state;
	begin(&world);
	(void)access_at(&world, 1, 'r', X);
	change_at(&world, 2, EVENT_GUEST, PTE_X, B | PAGE);
	vcpu_invlpg(&world.m.vcpu, vk_gva(X));
	assert_false(access_at(&world, 3, 'r', X)->stale);
	change_at(&world, 4, EVENT_GUEST, PTE_X, C | PAGE);
	piece = access_at(&world, 5, 'r', X);
	assert_true(piece->stale);
	assert_int_equal(piece->history.reader_step, 3);
	assert_int_equal(piece->history.changer_step, 4);
	end(&world);
}

/* --- another root ----------------------------------------------------------------------------- */

static void
another_root_under_the_same_tags(void **state)
{
	const struct vcpu_piece *piece;
	struct world world;
	int thread;

	(void)state;
	for (thread = 1; thread < 3; thread++) {
		begin(&world);
		world.m.vcpu.vpid_on = true;
		world.m.vcpu.vpid = 9;
		(void)access_at(&world, 1, 'r', X);
		world.m.vcpu.thread = thread;
		world.m.vcpu.mode.cr3 = ROOT2;
		piece = access_at(&world, 2, 'r', X);
		assert_true(piece->stale);
		assert_int_equal(piece->history.what, STALE_ROOT);
		assert_int_equal(piece->history.reader, 1);
		/* A vCPU has left its own; the VPID of two is one that was not flushed. */
		assert_int_equal(piece->history.remedy,
		    thread == 1 ? STALE_MOV_CR3 : STALE_INVVPID_SINGLE);
		assert_int_equal(piece->history.operand, thread == 1 ? ROOT2 : 9);
		end(&world);
	}
}

static void
without_a_log_nothing_is_known(void **state)
{
	struct tlb_sizes sizes = { 4, 0, 0 };
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.vcpu.tlb = tlb_create(&sizes, 0);
	m.vcpu.cpl = 0;
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	std_set_guest(&m, PTE_X, B | PAGE);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_true(m.result.piece[0].stale);
	assert_int_equal(m.result.piece[0].history.what, STALE_UNKNOWN);
	assert_int_equal(m.result.piece[0].history.remedy, STALE_NO_REMEDY);
	tlb_destroy(m.vcpu.tlb);
	std_destroy(&m);
}

/* --- which changes demand that an item goes --------------------------------------------------- */

#define G(level, before, after) TABLE_GUEST, level, before, after
#define E(level, before, after) TABLE_EPT, level, before, after
#define E_PAGE (EPT_RWX | STD_WB | EPT_A | EPT_D)

static const struct {
	const char *what;
	unsigned kind, level;
	uint64_t before, after;
	bool demanded;
} demands[] = {
	/* Guest tables. */
	{ "nothing", G(1, A | PAGE, A | PAGE), false },
	{ "P goes", G(1, A | PAGE, (A | PAGE) & ~VK_PG_P), true },
	{ "RW goes", G(1, A | PAGE, (A | PAGE) & ~VK_PG_RW), true },
	{ "RW comes", G(1, (A | PAGE) & ~VK_PG_RW, A | PAGE), false },
	{ "US goes", G(1, A | PAGE, (A | PAGE) & ~VK_PG_US), true },
	{ "US comes, without SMEP", G(1, (A | PAGE) & ~VK_PG_US, A | PAGE), false },
	{ "XD comes", G(1, A | PAGE, A | PAGE | VK_PG_XD), true },
	{ "XD goes", G(1, A | PAGE | VK_PG_XD, A | PAGE), false },
	{ "another frame", G(1, A | PAGE, B | PAGE), true },
	{ "A goes", G(1, A | PAGE, (A | PAGE) & ~VK_PG_A), false },
	{ "D goes", G(1, A | PAGE, (A | PAGE) & ~VK_PG_D), false },
	{ "PCD", G(1, A | PAGE, A | PAGE | VK_PG_PCD), true },
	{ "PWT", G(1, A | PAGE | VK_PG_PWT, A | PAGE), true },
	{ "PAT", G(1, A | PAGE, A | PAGE | VK_PG_PAT), true },
	{ "G", G(1, A | PAGE, A | PAGE | VK_PG_G), true },
	{ "the key", G(1, A | PAGE, A | PAGE | 1ull << VK_PG_PKEY_SHIFT), true },
	{ "bits for software", G(1, A | PAGE, A | PAGE | VK_BIT(9) | VK_BIT(52)), false },
	{ "a table becomes a large page", G(2, PT2 | PAGE, 0x200000 | PAGE | VK_PG_PS), true },
	{ "another table", G(3, PT2 | PAGE, STD_PT | PAGE), true },
	{ "bit 8 of an upper entry", G(3, PT2 | PAGE, PT2 | PAGE | VK_PG_G), false },
	{ "the key's bits of an upper entry", G(3, PT2 | PAGE, PT2 | PAGE | VK_BIT(60)), false },
	/* The EPT. */
	{ "R goes", E(1, A | E_PAGE, (A | E_PAGE) & ~EPT_R), true },
	{ "W goes", E(1, A | E_PAGE, (A | E_PAGE) & ~EPT_W), true },
	{ "X goes", E(1, A | E_PAGE, (A | E_PAGE) & ~EPT_X), true },
	{ "W comes", E(1, (A | E_PAGE) & ~EPT_W, A | E_PAGE), false },
	{ "XU goes, without mode-based execution", E(1, A | E_PAGE | EPT_XU, A | E_PAGE), false },
	{ "another frame", E(1, A | E_PAGE, B | E_PAGE), true },
	{ "another memory type", E(1, A | E_PAGE, (A | E_PAGE) & ~EPT_MEMTYPE), true },
	{ "IPAT", E(1, A | E_PAGE, A | E_PAGE | EPT_IPAT), true },
	{ "A and D go", E(1, A | E_PAGE, (A | E_PAGE) & ~(EPT_A | EPT_D)), false },
	{ "bit 7", E(2, PT2 | EPT_RWX, 0x200000 | EPT_RWX | EPT_PS | STD_WB), true },
	{ "all of it goes", E(3, PT2 | EPT_RWX, 0), true },
	{ "bits for software of an upper entry", E(3, PT2 | EPT_RWX, PT2 | EPT_RWX | VK_BIT(52)),
	    false },
	{ "bit 63", E(1, A | E_PAGE, A | E_PAGE | EPT_SVE), false },
};

static bool
is_demanded(struct world *world, size_t i)
{
	struct tlb_origin origin = { .kind = demands[i].kind, .level = demands[i].level,
		.slot = vk_hpa(FRAME), .value = demands[i].before };
	struct tlb_entry item = { .kind = TLB_COMBINED };
	struct stale stale;
	bool demanded;

	item.made_of = (struct tlb_stretch){ tlb_record_create(tlb_records(world->m.vcpu.tlb)), 0,
		1 };
	assert_non_null(item.made_of.record);
	tlb_record_add(item.made_of.record, &origin);
	fake_poke(&world->m.memory, FRAME, demands[i].after);
	demanded = stale_is_item(&world->m.vcpu, &item, &stale);
	tlb_record_release(item.made_of.record);
	return demanded;
}

static void
run_demand(void **state)
{
	size_t i = (size_t)*state;
	struct world world;

	begin(&world);
	assert_int_equal(is_demanded(&world, i), demands[i].demanded);
	end(&world);
}

static size_t
find_demand(const char *what)
{
	size_t i = 0;

	while (strcmp(demands[i].what, what) != 0)
		i++;
	return i;
}

static void
features_demand_more(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	world.m.vcpu.mode.cr4 |= VK_CR4_SMEP;
	assert_true(is_demanded(&world, find_demand("US comes, without SMEP")));
	world.m.vcpu.ept.controls |= EPT_CTL_MBEC;
	assert_true(is_demanded(&world,
	    find_demand("XU goes, without mode-based execution")));
	end(&world);
}

int
main(void)
{
	char name[ROWS_COUNT(demands)][96];
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++)
		rows_add(&list, NULL, rows[i].what, run_row, &rows[i]);
	for (i = 0; i < ROWS_COUNT(demands); i++) {
		snprintf(name[i], sizeof(name[i]), "%s: %s: %s",
		    demands[i].kind == TABLE_EPT ? "EPT" : "guest", demands[i].what,
		    demands[i].demanded ? "it has to go" : "it may stay");
		rows_add(&list, NULL, name[i], run_demand, (const void *)i);
	}
	ROWS_ADD_TEST(&list, of_two_changes_the_one_that_misleads_is_told);
	ROWS_ADD_TEST(&list, what_the_ept_has_cached_outlives_an_invlpg);
	ROWS_ADD_TEST(&list, of_many_changes_of_an_entry_the_first_is_told);
	ROWS_ADD_TEST(&list, what_was_invalidated_has_no_part_in_it);
	ROWS_ADD_TEST(&list, another_root_under_the_same_tags);
	ROWS_ADD_TEST(&list, without_a_log_nothing_is_known);
	ROWS_ADD_TEST(&list, features_demand_more);
	return rows_run(&list, "stale");
}
