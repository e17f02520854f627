/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks that begin with cached paging-structure entries and guest-physical translations: what they
 * read, what they are misled by, and what puts them right.
 *
 * [TLB-KINDS] [TLB-TAGS] [TLB-USE] [TLB-INVALIDATE] [GUEST-AD] [EPT-AD]
 */
#include <string.h>

#include "support/std_machine.h"
#include "support/support_rows.h"

#define X STD_X
#define Y STD_Y
#define Z STD_Z
#define A STD_A
#define B STD_B
#define C STD_C
#define PWU STD_PWU
#define PTE 0x4008ull
#define PTE_Y 0x4010ull
#define PDE 0x3008ull
#define PT2 0x6000ull      /* another page table (GPA) */
#define FAR 0x40700000ull  /* guest-physical, behind which there is nothing */
#define FRAME 0x1800000ull /* host-physical, that no EPT entry names */
#define ACCESSED (VK_PG_P | VK_PG_RW | VK_PG_US | VK_PG_A)

static void
machine_with_sizes(struct std_machine *m, unsigned guest_physical, unsigned structures)
{
	struct tlb_sizes sizes = { 16, guest_physical, structures };

	std_init(m);
	m->vcpu.tlb = tlb_create(&sizes, 0);
	assert_non_null(m->vcpu.tlb);
	std_set_guest(m, PTE_Y, B | PWU);
	std_set_guest(m, PT2 + 8, C | PWU);
	std_set_guest(m, PT2 + 16, C | PWU);
}

static void
machine_with_cache(struct std_machine *m)
{
	machine_with_sizes(m, 32, 32);
}

static void
machine_end(struct std_machine *m)
{
	tlb_destroy(m->vcpu.tlb);
	std_destroy(m);
}

/* Where the access went; the test fails if it went nowhere. */
static uint64_t
reached(struct std_machine *m, char kind, uint64_t gva)
{
	assert_int_equal(std_access(m, kind, gva, 1), VCPU_DONE);
	return m->result.piece[0].hpa.v - STD_HOST;
}

static unsigned
items(const struct std_machine *m, enum tlb_kind kind)
{
	unsigned count = 0;

	while (tlb_entry_at(m->vcpu.tlb, kind, count) != NULL)
		count++;
	return count;
}

/* --- what is read ------------------------------------------------------------------------- */

static void
a_neighbour_of_a_cached_page_costs_two_reads(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	/* Even the first walk finds EPT structures that its own beginning has left. */
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(m.result.reads, 4 + 4 + 1 + 1 + 1 + 1);
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_false(m.result.piece[0].cached);
	assert_int_equal(m.result.reads, 2);
	assert_int_equal(m.result.piece[0].guest_cached, 2);
	assert_true(m.result.piece[0].guest_direct);
	assert_int_equal(m.result.piece[0].final_cached, 2);
	assert_int_equal(items(&m, TLB_COMBINED), 2);
	assert_int_equal(items(&m, TLB_COMBINED_STRUCTURE), 3);
	assert_int_equal(items(&m, TLB_GUEST_PHYSICAL), 6);
	assert_int_equal(items(&m, TLB_GUEST_PHYSICAL_STRUCTURE), 3);
	assert_int_equal(items(&m, TLB_LINEAR) + items(&m, TLB_LINEAR_STRUCTURE), 0);
	machine_end(&m);
}

static void
without_ept_the_linear_kinds_serve(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	m.vcpu.ept_on = false;
	fake_poke(&m.memory, STD_PML4 + 8, STD_PDPT | PWU);
	fake_poke(&m.memory, STD_PDPT + 8, STD_PD | PWU);
	fake_poke(&m.memory, STD_PD + 8, STD_PT | PWU);
	fake_poke(&m.memory, STD_PT + 8, A | PWU);
	fake_poke(&m.memory, STD_PT + 16, B | PWU);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(m.result.reads, 4);
	assert_int_equal(std_access(&m, 'r', Y, 1), VCPU_DONE);
	assert_int_equal(m.result.reads, 1);
	assert_int_equal(m.result.piece[0].hpa.v, B);
	assert_int_equal(items(&m, TLB_LINEAR), 2);
	assert_int_equal(items(&m, TLB_LINEAR_STRUCTURE), 3);
	/* With an EPT in use they are of no use. */
	m.vcpu.ept_on = true;
	assert_int_equal(reached(&m, 'r', X), A);
	assert_false(m.result.piece[0].cached);
	machine_end(&m);
}

static void
a_walk_begins_at_the_longest_prefix_that_is_cached(void **state)
{
	uint64_t gva = X + 0x200000; /* the next entry of the page directory */
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_guest(&m, PDE + 8, PT2 | PWU);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(reached(&m, 'r', gva), C);
	assert_int_equal(m.result.piece[0].guest_cached, 3);
	/* PDE, an EPT walk of one entry to the new page table, its entry, and one for the page. */
	assert_int_equal(m.result.reads, 1 + 2 + 1);
	machine_end(&m);
}

static void
five_levels_at_both_sides_are_cached_alike(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_use_five_levels(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(items(&m, TLB_COMBINED_STRUCTURE), 4);
	assert_int_equal(items(&m, TLB_GUEST_PHYSICAL_STRUCTURE), 4);
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_int_equal(m.result.reads, 2);
	machine_end(&m);
}

static void
a_large_page_leaves_no_structure_of_its_own_level(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_guest(&m, PDE, 0x40000000 | PWU | VK_PG_PS);
	assert_int_equal(reached(&m, 'r', X), 0x40001000);
	assert_int_equal(items(&m, TLB_COMBINED_STRUCTURE), 2);
	/* Another piece of both large pages: the PDE by its table, the leaf of the EPT. */
	assert_int_equal(reached(&m, 'r', X + 0x5000), 0x40006000);
	assert_int_equal(m.result.reads, 2);
	assert_int_equal(m.result.piece[0].final_cached, 3);
	machine_end(&m);
}

static void
without_room_for_structures_every_walk_is_whole(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_sizes(&m, 0, 0);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(m.result.reads, 24);
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_int_equal(m.result.reads, 24);
	machine_end(&m);
}

/* --- stale guest entries ------------------------------------------------------------------ */

static void
a_stale_directory_entry_misleads_pages_that_were_never_used(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PDE, PT2 | PWU);
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_true(m.result.piece[0].stale);
	assert_false(m.result.piece[0].cached);
	assert_int_equal(tlb_stats(m.vcpu.tlb)->stale, 1);
	/* INVLPG of any address of the PCID drops the structures, and one page's translation. */
	vcpu_invlpg(&m.vcpu, vk_gva(0));
	assert_int_equal(reached(&m, 'r', Z - 0x1000), B);
	assert_true(m.result.piece[0].cached);
	std_set_guest(&m, PT2 + 24, A | PWU);
	assert_int_equal(reached(&m, 'r', Z), A);
	assert_false(m.result.piece[0].stale);
	vcpu_invlpg(&m.vcpu, vk_gva(Y));
	assert_int_equal(reached(&m, 'r', Y), C);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_true(m.result.piece[0].stale);
	machine_end(&m);
}

static void
a_right_withdrawn_above_stays_usable_through_a_structure(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PDE, STD_PT | VK_PG_P | VK_PG_US | VK_PG_A);
	assert_int_equal(reached(&m, 'w', Y), B);
	assert_true(m.result.piece[0].stale);
	vcpu_invlpg(&m.vcpu, vk_gva(Y));
	assert_int_equal(std_access(&m, 'w', Y, 1), VCPU_PF);
	machine_end(&m);
}

static void
a_right_granted_above_needs_no_invalidation(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_guest(&m, PDE, STD_PT | VK_PG_P | VK_PG_US);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PDE, STD_PT | ACCESSED);
	assert_int_equal(reached(&m, 'w', Y), B);
	assert_int_equal(m.result.piece[0].guest_cached, 0);
	machine_end(&m);
}

static void
an_accessed_flag_above_a_cached_entry_is_not_set_again(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PDE, STD_PT | PWU);
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_int_equal(std_guest(&m, PDE), STD_PT | PWU);
	vcpu_invlpg(&m.vcpu, vk_gva(Y));
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_int_equal(std_guest(&m, PDE), STD_PT | ACCESSED);
	machine_end(&m);
}

static void
structures_are_of_one_pcid(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	m.vcpu.mode.cr4 |= VK_CR4_PCIDE;
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PDE, PT2 | PWU);
	assert_true(vcpu_mov_cr3(&m.vcpu, STD_PML4 | 5 | VK_BIT(63)));
	assert_int_equal(reached(&m, 'r', Y), C);
	assert_true(vcpu_mov_cr3(&m.vcpu, STD_PML4 | VK_BIT(63)));
	assert_int_equal(reached(&m, 'r', Y), B);
	machine_end(&m);
}

static void
tables_of_another_root_are_not_told_apart_by_the_tag(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	m.vcpu.mode.cr4 |= VK_CR4_PCIDE;
	assert_int_equal(reached(&m, 'r', X), A);
	/* An empty root: only what is cached leads anywhere. */
	assert_true(vcpu_mov_cr3(&m.vcpu, 0x8000 | VK_BIT(63)));
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_true(m.result.piece[0].stale);
	assert_true(vcpu_mov_cr3(&m.vcpu, 0x8000));
	assert_int_equal(std_access(&m, 'r', Y, 1), VCPU_PF);
	machine_end(&m);
}

/* --- stale EPT entries -------------------------------------------------------------------- */

static void
an_ept_change_survives_exits_without_vpid(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_ept(&m, A, FRAME | EPT_RWX | STD_WB);
	vcpu_exit(&m.vcpu);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_false(m.result.piece[0].cached);
	assert_int_equal(m.result.piece[0].final_cached, 1);
	assert_true(m.result.piece[0].stale);
	/* Neither does the guest's own flushing help, nor INVVPID. */
	assert_true(vcpu_mov_cr3(&m.vcpu, STD_PML4));
	vcpu_invlpg(&m.vcpu, vk_gva(X));
	assert_true(vcpu_invvpid(&m.vcpu, 2, 0, vk_gva(0)));
	assert_int_equal(reached(&m, 'r', X), A);
	assert_true(vcpu_invept(&m.vcpu, 1, STD_EPTP));
	assert_int_equal(reached(&m, 'r', X), FRAME - STD_HOST);
	machine_end(&m);
}

static void
guest_physical_translations_serve_another_vpid_of_the_root(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	m.vcpu.vpid_on = true;
	m.vcpu.vpid = 1;
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_ept(&m, A, FRAME | EPT_RWX | STD_WB);
	m.vcpu.vpid = 2;
	assert_int_equal(reached(&m, 'r', X), A);
	assert_true(m.result.piece[0].stale);
	assert_int_equal(m.result.reads, 4); /* the guest's four entries, and nothing of the EPT */
	machine_end(&m);
}

static void
a_table_that_the_ept_moved_is_still_read_where_it_was(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'w', Y), B); /* its flags are set */
	assert_int_equal(reached(&m, 'r', X), A);
	fake_poke(&m.memory, FRAME + 16, C | PWU);
	vcpu_invlpg(&m.vcpu, vk_gva(Y));
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_ept(&m, STD_PT, FRAME | EPT_RWX | STD_WB);
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_true(m.result.piece[0].stale);
	assert_true(vcpu_invept(&m.vcpu, 2, 0));
	assert_int_equal(reached(&m, 'r', Y), C);
	machine_end(&m);
}

static void
flags_are_set_where_the_entry_was_read_or_it_is_read_again(void **state)
{
	struct std_machine m;

	(void)state;
	/* No guest-physical items: the cached structure alone knows where the table was. */
	machine_with_sizes(&m, 0, 32);
	assert_int_equal(reached(&m, 'r', X), A);
	fake_poke(&m.memory, FRAME + 16, B | PWU);
	std_set_ept(&m, STD_PT, FRAME | EPT_RWX | STD_WB);
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_int_equal(m.result.piece[0].guest_cached, 0);
	assert_int_equal(fake_peek(&m.memory, STD_HOST + PTE_Y), B | PWU);
	assert_int_equal(fake_peek(&m.memory, FRAME + 16), B | ACCESSED);
	machine_end(&m);
}

static void
a_clean_page_is_walked_again_for_a_write(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(std_ept(&m, A) & EPT_D, 0);
	vcpu_invlpg(&m.vcpu, vk_gva(X));
	assert_int_equal(reached(&m, 'w', X), A);
	assert_int_equal(std_ept(&m, A) & EPT_D, EPT_D);
	assert_int_equal(m.result.piece[0].final_cached, 2);
	/* Dirty in the cache, so the flag may stay clear: the change was not followed by INVEPT. */
	std_set_ept(&m, A, (A + STD_HOST) | EPT_RWX | STD_WB | EPT_A);
	vcpu_invlpg(&m.vcpu, vk_gva(X));
	assert_int_equal(reached(&m, 'w', X), A);
	assert_int_equal(std_ept(&m, A) & EPT_D, 0);
	assert_true(vcpu_invept(&m.vcpu, 1, STD_EPTP));
	assert_int_equal(reached(&m, 'w', X), A);
	assert_int_equal(std_ept(&m, A) & EPT_D, EPT_D);
	machine_end(&m);
}

static void
a_right_granted_in_the_ept_needs_no_invalidation(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_R | STD_WB);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_RWX | STD_WB | EPT_A);
	assert_int_equal(reached(&m, 'w', X), A);
	machine_end(&m);
}

static void
a_violation_leaves_nothing_that_would_cause_it_again(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_R | STD_WB);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_EXIT);
	assert_int_equal(items(&m, TLB_COMBINED), 0);
	assert_int_equal(items(&m, TLB_GUEST_PHYSICAL), 4); /* the tables' pages */
	machine_end(&m);
}

/* --- walks that are misled and made again --------------------------------------------------- */

static void
a_failure_that_cached_entries_led_to_is_not_reported(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_eptp(&m, STD_EPTP, STD_CAP, EPT_CTL_VE);
	m.vcpu.ve_page = vk_hpa(0x7000);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PTE_Y, FAR | PWU);
	std_set_guest(&m, PDE, PT2 | PWU);
	assert_int_equal(reached(&m, 'r', Y), C);
	assert_int_equal(m.result.piece[0].guest_cached, 0);
	assert_int_equal(fake_peek(&m.memory, 0x7000), 0); /* no #VE was begun */
	/* And the walk that succeeded has replaced what misled it. */
	std_set_guest(&m, PT2 + 24, A | PWU);
	assert_int_equal(reached(&m, 'r', Z), A);
	assert_int_equal(m.result.piece[0].guest_cached, 2);
	assert_false(m.result.piece[0].stale);
	machine_end(&m);
}

/* Another processor maps Y elsewhere just before its accessed flag is set. */
static void
remap_y(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != PTE_Y + STD_HOST || memory->meanwhile_ctx != NULL)
		return;
	memory->meanwhile_ctx = memory;
	fake_poke(memory, PTE_Y + STD_HOST, C | PWU);
}

static void
a_race_that_is_lost_is_run_again_from_the_root(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	m.memory.meanwhile = remap_y;
	assert_int_equal(reached(&m, 'r', Y), C);
	assert_int_equal(m.result.piece[0].guest_cached, 0);
	assert_int_equal(std_guest(&m, PTE_Y), C | ACCESSED);
	machine_end(&m);
}

/* Another processor takes the write right of page A away just before its dirty flag is set. */
static void
protect_a(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != std_ept_slot(A) || memory->meanwhile_ctx != NULL)
		return;
	memory->meanwhile_ctx = memory;
	fake_poke(memory, address, (B + STD_HOST) | EPT_RWX | STD_WB);
}

static void
a_race_lost_in_the_ept_is_run_again_from_its_root(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', Y), B);
	m.memory.meanwhile = protect_a;
	assert_int_equal(reached(&m, 'r', X), B);
	assert_int_equal(m.result.piece[0].final_cached, 0);
	machine_end(&m);
}

/* An INVEPT arrives from another processor while the page's EPT leaf is read. */
static void
invalidate(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	struct tlb_scope scope = { .kinds = TLB_ALL };

	if (op == FAKE_LOAD && address == std_ept_slot(A))
		tlb_drop(memory->meanwhile_ctx, &scope);
}

static void
a_walk_that_an_invalidation_overtakes_leaves_nothing(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	m.memory.meanwhile = invalidate;
	m.memory.meanwhile_ctx = m.vcpu.tlb;
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(items(&m, TLB_COMBINED) + items(&m, TLB_COMBINED_STRUCTURE) +
	    items(&m, TLB_GUEST_PHYSICAL) + items(&m, TLB_GUEST_PHYSICAL_STRUCTURE), 0);
	machine_end(&m);
}

/* --- what is told ------------------------------------------------------------------------- */

#define TOLD 16

struct told {
	unsigned count;
	struct event event[TOLD];
};

static void
listen(void *ctx, const struct event *event)
{
	struct told *told = ctx;

	if (told->count < TOLD)
		told->event[told->count++] = *event;
}

static void
expect_event(const struct told *told, unsigned i, enum event_kind kind, enum event_side side,
    unsigned level, unsigned order)
{
	assert_true(i < told->count);
	assert_int_equal(told->event[i].kind, kind);
	assert_int_equal(told->event[i].side, side);
	assert_int_equal(told->event[i].level, level);
	assert_int_equal(told->event[i].order, order);
}

static void
a_trace_tells_where_a_walk_began(void **state)
{
	struct told told = { .count = 0 };
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', Y), B);
	assert_int_equal(reached(&m, 'r', X), A);
	vcpu_invlpg(&m.vcpu, vk_gva(Y));
	vcpu_invlpg(&m.vcpu, vk_gva(X));
	m.vcpu.sink = listen;
	m.vcpu.sink_ctx = &told;
	assert_int_equal(reached(&m, 'r', Y), B);
	/* From the root, each table by a guest-physical translation. */
	expect_event(&told, 0, EVENT_CACHED, EVENT_EPT, 1, 0);
	assert_int_equal(told.event[0].address, STD_PML4 + 8);
	assert_string_equal(told.event[0].name, "guest-physical");
	expect_event(&told, 1, EVENT_TABLE_READ, EVENT_GUEST, 4, 1);
	expect_event(&told, 7, EVENT_TABLE_READ, EVENT_GUEST, 1, 4);
	expect_event(&told, 8, EVENT_CACHED, EVENT_EPT, 1, 0);
	expect_event(&told, 9, EVENT_ACCESS, EVENT_GUEST, 0, 0);
	assert_int_equal(told.count, 10);
	told.count = 0;
	assert_int_equal(reached(&m, 'r', X), A);
	expect_event(&told, 0, EVENT_CACHED, EVENT_GUEST, 2, 0);
	assert_string_equal(told.event[0].name, "combined-structure");
	assert_int_equal(told.event[0].value, STD_PT | ACCESSED);
	expect_event(&told, 1, EVENT_TABLE_READ, EVENT_GUEST, 1, 1);
	machine_end(&m);
}

int
main(void)
{
	struct rows list = { 0 };

	ROWS_ADD_TEST(&list, a_neighbour_of_a_cached_page_costs_two_reads);
	ROWS_ADD_TEST(&list, without_ept_the_linear_kinds_serve);
	ROWS_ADD_TEST(&list, a_walk_begins_at_the_longest_prefix_that_is_cached);
	ROWS_ADD_TEST(&list, five_levels_at_both_sides_are_cached_alike);
	ROWS_ADD_TEST(&list, a_large_page_leaves_no_structure_of_its_own_level);
	ROWS_ADD_TEST(&list, without_room_for_structures_every_walk_is_whole);
	ROWS_ADD_TEST(&list, a_stale_directory_entry_misleads_pages_that_were_never_used);
	ROWS_ADD_TEST(&list, a_right_withdrawn_above_stays_usable_through_a_structure);
	ROWS_ADD_TEST(&list, a_right_granted_above_needs_no_invalidation);
	ROWS_ADD_TEST(&list, an_accessed_flag_above_a_cached_entry_is_not_set_again);
	ROWS_ADD_TEST(&list, structures_are_of_one_pcid);
	ROWS_ADD_TEST(&list, tables_of_another_root_are_not_told_apart_by_the_tag);
	ROWS_ADD_TEST(&list, an_ept_change_survives_exits_without_vpid);
	ROWS_ADD_TEST(&list, guest_physical_translations_serve_another_vpid_of_the_root);
	ROWS_ADD_TEST(&list, a_table_that_the_ept_moved_is_still_read_where_it_was);
	ROWS_ADD_TEST(&list, flags_are_set_where_the_entry_was_read_or_it_is_read_again);
	ROWS_ADD_TEST(&list, a_clean_page_is_walked_again_for_a_write);
	ROWS_ADD_TEST(&list, a_right_granted_in_the_ept_needs_no_invalidation);
	ROWS_ADD_TEST(&list, a_violation_leaves_nothing_that_would_cause_it_again);
	ROWS_ADD_TEST(&list, a_failure_that_cached_entries_led_to_is_not_reported);
	ROWS_ADD_TEST(&list, a_race_that_is_lost_is_run_again_from_the_root);
	ROWS_ADD_TEST(&list, a_race_lost_in_the_ept_is_run_again_from_its_root);
	ROWS_ADD_TEST(&list, a_walk_that_an_invalidation_overtakes_leaves_nothing);
	ROWS_ADD_TEST(&list, a_trace_tells_where_a_walk_began);
	return rows_run(&list, "tlb_walk");
}
